//go:build amd64 || arm64

package proc

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLinesComeWholeUnderLoad(t *testing.T) {
	const count = 5000
	h := newHouse(t, 2)
	var want, wantErr []string
	for i := range count {
		want = append(want, fmt.Sprintf("out %d %s", i, strings.Repeat("x", i%300)))
		wantErr = append(wantErr, fmt.Sprintf("err %d", i))
	}
	for slot := range 2 {
		out, errs := newLines(), newLines()
		p, err := h.Start(Spec{Name: fmt.Sprintf("lines %d", count), Slot: slot, Stdout: out.take, Stderr: errs.take})
		require.NoError(t, err)
		defer func() {
			within(t, p.Done())
			require.Equal(t, want, out.all)
			require.Equal(t, wantErr, errs.all)
			require.Equal(t, strings.Join(wantErr[count-MaxTailLines:], "\n"), p.Exit().Stderr)
		}()
	}
}

func TestAStreamCutsItsInputIntoLines(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n-1) + "b" }
	for _, tt := range []struct {
		name string
		in   string
		want []string
	}{
		{"nothing", "", nil},
		{"empty lines", "\n\n", []string{"", ""}},
		{"no end in the last line", "one\ntwo", []string{"one", "two"}},
		{"a carriage return stays", "one\r\n", []string{"one\r"}},
		{"just fits the first buffer", long(firstBuffer-1) + "\nx\n", []string{long(firstBuffer - 1), "x"}},
		{"outgrows the first buffer", long(firstBuffer) + "\nx\n", []string{long(firstBuffer), "x"}},
		{"the longest line", long(MaxLine) + "\nx\n", []string{long(MaxLine), "x"}},
		{"the longest line, no end", long(MaxLine), []string{long(MaxLine)}},
		{"too long by one", long(MaxLine) + "c\nx\n", []string{long(MaxLine), "c", "x"}},
		{"three parts", long(MaxLine) + long(MaxLine) + "c\n", []string{long(MaxLine), long(MaxLine), "c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			s, fds, err := newStream(func(line []byte) { got = append(got, string(line)) }, nil)
			require.NoError(t, err)
			s.start()
			w := os.NewFile(uintptr(fds[0]), "writer")
			_, err = w.WriteString(tt.in)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			within(t, s.over)
			require.NoError(t, s.pipe.Close())
			require.Equal(t, tt.want, got)
		})
	}
}

func TestATailKeepsTheLastLines(t *testing.T) {
	numbered := func(from, to int) (list []string) {
		for i := from; i < to; i++ {
			list = append(list, fmt.Sprintf("line %d", i))
		}
		return list
	}
	wide := strings.Repeat("w", 1000)
	for _, tt := range []struct {
		name string
		in   []string
		want []string
	}{
		{"none", nil, nil},
		{"few", numbered(0, 3), numbered(0, 3)},
		{"many", numbered(0, 10000), numbered(10000-MaxTailLines, 10000)},
		{"wide ones", []string{wide, wide, wide, wide, wide + "last"}, []string{wide, wide, wide, wide + "last"}},
		{"too wide", []string{"first", strings.Repeat("x", MaxTail) + "end"}, []string{strings.Repeat("x", MaxTail-4) + "end"}},
		{"not text", []string{"a\xffb"}, []string{"a\uFFFDb"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var kept tail
			for _, line := range tt.in {
				kept.add([]byte(line))
				require.LessOrEqual(t, len(kept.kept), 4*MaxTail)
			}
			require.Equal(t, strings.Join(tt.want, "\n"), kept.text())
		})
	}
}
