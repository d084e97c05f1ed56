package mp

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// paper is a terminal of a given width, or a file: it shows what was written to it.
type paper struct {
	mu    sync.Mutex
	text  bytes.Buffer
	width int
}

func (p *paper) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(text)
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *paper) screen() *screen { return &screen{err: p, columns: func() int { return p.width }} }

// lines are what stands there: the last one is where the cursor is.
func (p *paper) lines(t require.TestingT) []string {
	lines := []string{""}
	for text := p.String(); text != ""; {
		last := &lines[len(lines)-1]
		switch {
		case strings.HasPrefix(text, wipe):
			*last, text = "", text[len(wipe):]
			continue
		case text[0] == '\n':
			lines = append(lines, "")
		case text[0] < ' ':
			require.Fail(t, "what a terminal of this test does not know", "%q", text)
		default:
			*last += text[:1]
			require.True(t, p.width == 0 || len(*last) < p.width, "a line goes on to the next: %q", *last)
		}
		text = text[1:]
	}
	return lines
}

// slowly gives count results, one after each pause; every fifth is an error.
func slowly(count int, pause time.Duration) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range count {
			time.Sleep(pause)
			var err error
			if i%5 == 4 {
				err = errors.New("as told")
			}
			if !yield(i, err) {
				return
			}
		}
	}
}

func shown[K, V any](p *paper, live bool, seq iter.Seq2[K, V], name string, total int, hooks ...func(LoopStats)) iter.Seq2[K, V] {
	return progress(p.screen(), live, seq, name, total, hooks)
}

func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{width: 80}
		for i, err := range shown(p, true, slowly(100, 99*time.Millisecond), "thumbs", 100) {
			require.Equal(t, i%5 == 4, err != nil)
			if i == 50 { // 5.049 s after the beginning
				require.Equal(t, []string{"thumbs 50/100 50%, 10.0/s, 5s left, 10 failed [##########..........]"}, p.lines(t))
				time.Sleep(20 * time.Second) // while nothing comes, it is seen to go slower
				require.Regexp(t, `^thumbs 50/100 50%, \d\d\.\d/min, \d+m\d+s left, 10 failed \[#{10}\.{10}\]$`, p.lines(t)[0])
			}
		}
		require.Equal(t, []string{"thumbs 100/100 100%, took 30s, 3.3/s, 20 failed", ""}, p.lines(t))
	})
}

func TestProgressElsewhereIsLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{}
		for range shown(p, false, slowly(40, 991*time.Millisecond), "thumbs", 40) {
		}
		lines := p.lines(t)
		require.Equal(t, "thumbs 4/40 10%, 1.0/s, 36s left", lines[0], "at each tenth")
		require.Equal(t, "thumbs 8/40 20%, 1.0/s, 32s left, 1 failed", lines[1])
		require.Equal(t, []string{"thumbs 40/40 100%, took 40s, 1.0/s, 8 failed", ""}, lines[len(lines)-2:])
		require.Len(t, lines, 11)

		p.text.Reset()
		for range shown(p, false, slowly(999, time.Millisecond), "", 999) {
		}
		require.Len(t, p.lines(t), 2, "one at the end, when all takes a second")

		p.text.Reset()
		for range shown(p, false, slowly(3, 14_750*time.Millisecond), "", 0) {
		}
		require.Equal(t, []string{
			"0, 10s", "1, 4.1/min, 20s", "2, 4.1/min, 30s", "2, 4.1/min, 40s", "3, took 44s, 4.1/min", "",
		}, p.lines(t))
	})
}

func TestNothingIsWrittenAfterTheLoop(t *testing.T) {
	long := slowly(1000, 100*time.Millisecond)
	for name, leave := range map[string]func(iter.Seq2[int, error]){
		"break": func(seq iter.Seq2[int, error]) {
			for i := range seq {
				if i == 9 {
					break
				}
			}
		},
		"panic": func(seq iter.Seq2[int, error]) {
			defer func() { _ = recover() }()
			for i := range seq {
				if i == 9 {
					panic("as told")
				}
			}
		},
		"panic of the sequence": func(iter.Seq2[int, error]) {},
		"pull": func(seq iter.Seq2[int, error]) {
			next, stop := iter.Pull2(seq)
			defer stop()
			for range 10 {
				next()
			}
		},
	} {
		for _, live := range []bool{true, false} {
			t.Run(fmt.Sprint(name, live), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := &paper{width: 80}
					if name == "panic of the sequence" {
						func() {
							defer func() { require.Equal(t, "as told", recover()) }()
							for range shown(p, live, func(yield func(int, error) bool) {
								for i, err := range slowly(10, 100*time.Millisecond) {
									yield(i, err)
								}
								panic("as told")
							}, "loop", 0) {
							}
						}()
					} else {
						leave(shown(p, live, long, "loop", 0))
					}
					require.Regexp(t, `^loop (9|10), took 1s, .*, [12] failed$`, p.lines(t)[0])
					require.Len(t, p.lines(t), 2)
					before := p.text.Len()
					time.Sleep(time.Minute)
					require.Equal(t, before, p.text.Len())
				})
			})
		}
	}
}

// TestWhatIsShownIsNotGarbled has several loops on one terminal, of any width, and
// lines of processes between.
func TestWhatIsShownIsNotGarbled(t *testing.T) {
	whole := regexp.MustCompile(`^(loop\d 5, took .*|a line)?$`)
	rapid.Check(t, func(r *rapid.T) {
		width, loops := rapid.IntRange(1, 100).Draw(r, "width"), rapid.IntRange(1, 4).Draw(r, "loops")
		pauses := rapid.SliceOfN(rapid.IntRange(1, 3000), loops, loops).Draw(r, "pauses")
		synctest.Test(t, func(t *testing.T) {
			p := &paper{width: width}
			s := p.screen()
			ended := make(chan bool)
			for i, pause := range pauses {
				go func() {
					for range progress(s, true, slowly(5, time.Duration(pause)*time.Millisecond), fmt.Sprintf("loop%d", i), 0, nil) {
						s.write(p, []byte("a line\n"))
					}
					ended <- true
				}()
			}
			for range loops {
				<-ended
			}
			p.width = 0
			got := map[string]int{}
			for _, line := range p.lines(t) {
				require.Regexp(t, whole, line)
				got[strings.Fields(line + " end")[0]]++
			}
			require.Equal(t, 5*loops, got["a"])
			require.Len(t, got, loops+2, "%v", slices.Collect(maps.Keys(got)))
		})
	})
}

func TestPartsShareTheLineOfATerminal(t *testing.T) {
	p := &paper{width: 20}
	s := p.screen()
	a, b, c := s.begin(), s.begin(), s.begin()
	s.show(a, "the first")
	require.Equal(t, []string{"the first"}, p.lines(t))
	s.show(c, "the third")
	require.Equal(t, []string{"the first | the thi"}, p.lines(t))
	s.write(p, []byte("a line\nanother\n"))
	require.Equal(t, []string{"a line", "another", "the first | the thi"}, p.lines(t))
	s.end(a, "done\n")
	require.Equal(t, []string{"a line", "another", "done", "the third"}, p.lines(t))
	s.end(c, "")
	s.end(b, "")
	require.Equal(t, []string{"a line", "another", "done", ""}, p.lines(t))
}

func TestHooksAreToldInsteadOfTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &paper{width: 80}
		var told [2][]LoopStats
		hook := func(i int) func(LoopStats) {
			return func(s LoopStats) { told[i] = append(told[i], s) }
		}
		for range shown(p, true, slowly(10, 110*time.Millisecond), "thumbs", 20, hook(0), hook(1)) {
		}
		require.Zero(t, p.text.Len())
		require.Equal(t, told[0], told[1])
		require.Len(t, told[0], 6)
		require.Equal(t, LoopStats{Name: "thumbs", Done: 1, Total: 20, Took: 200 * time.Millisecond, Rate: 5, Left: 3800 * time.Millisecond}, told[0][0])
		last := told[0][5]
		require.InDelta(t, 9.09, last.Rate, 0.01)
		last.Rate = 0
		require.Equal(t, LoopStats{Name: "thumbs", Done: 10, Failed: 2, Total: 20, Took: 1100 * time.Millisecond, Ended: true}, last)
	})
}

func TestUnorderedResultsAreCounted(t *testing.T) {
	results := []Result[int, int]{{Index: 1}, {Index: 0, Err: errors.New("as told")}, {Index: 2}}
	var last LoopStats
	got := slices.Collect(ProgressUnordered(slices.Values(results), "", 3, func(s LoopStats) { last = s }))
	require.Equal(t, results, got)
	require.True(t, last.Ended)
	require.Equal(t, [3]int{3, 1, 3}, [3]int{last.Done, last.Failed, last.Total})
}

// TestRateIsThatOfLately has a slow beginning, which is forgotten, and a long loop,
// which takes no more memory than a short one.
func TestRateIsThatOfLately(t *testing.T) {
	l := &loop{marks: []mark{{}}}
	done, at := 0, time.Duration(0)
	for range 1000 {
		at += progressEvery
		l.rate(mark{at, done})
	}
	require.Zero(t, l.rate(mark{at, done}))
	var rate float64
	for range 2000 {
		at += progressEvery
		done += 3
		rate = l.rate(mark{at, done})
	}
	require.InDelta(t, 15, rate, 0.5)
	require.LessOrEqual(t, cap(l.marks), 2*maxMarks)
}

func TestNumbersOfProgressAreShort(t *testing.T) {
	for rate, want := range map[float64]string{
		2.5e6: "2.5M/s", 81_234: "81.2k/s", 812.3: "812/s", 8.12: "8.1/s", 0.5: "30.0/min", 0.001: "3.6/h",
	} {
		require.Equal(t, want, rateInWords(rate))
	}
	require.Equal(t, "3 h", LoopStats{Name: "3 h"}.String()[:3])
	require.Equal(t, "x 7/5 100%, 0s", LoopStats{Name: "x", Done: 7, Total: 5}.String())
	require.Equal(t, " [####################]", LoopStats{Done: 7, Total: 5}.bar())
}

func TestCollectStopsAtTheFirstError(t *testing.T) {
	got, err := Collect(slowly(3, 0))
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 2}, got)
	asked := 0
	got, err = Collect(func(yield func(int, error) bool) {
		for i, err := range slowly(100, 0) {
			asked++
			if !yield(i, err) {
				return
			}
		}
	})
	require.EqualError(t, err, "as told")
	require.Equal(t, []int{0, 1, 2, 3}, got)
	require.Equal(t, 5, asked)
	got, err = Collect(slowly(0, 0))
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestSlowHookIsCalledOnceAtATimeAndNotAfterTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		within, calls := 0, 0
		slow := func(LoopStats) {
			calls++
			within++
			time.Sleep(150 * time.Millisecond)
			require.Equal(t, 1, within)
			within--
		}
		for range Progress(slowly(5, 61*time.Millisecond), "", 0, slow) {
		}
		require.Zero(t, within)
		require.Equal(t, 2, calls)
		time.Sleep(time.Minute)
		require.Equal(t, 2, calls)
	})
}
