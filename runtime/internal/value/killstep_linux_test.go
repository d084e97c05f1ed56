//go:build linux && amd64 && !explore

package value

import (
	"bytes"
	"fmt"
	"testing"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/killstep"
	"github.com/mpgen/mpgen/runtime/internal/lock"
)

func TestMain(m *testing.M) { killstep.Main(m, operations()) }

func TestDeathAfterEachInstruction(t *testing.T) { killstep.Run(t, operations()) }

const (
	other  = 1
	victim = 2
	slots  = 3
)

// bench is a memory: bells, whether the child knows that its value is out, the
// writers' lock, and a value.
type bench struct {
	published *uint64
	mine, its lock.Lock // of other and victim
	v         Value
}

func openBench(p unsafe.Pointer, max int) *bench {
	bells := unsafe.Slice((*bell.Word)(p), slots)
	at, now := unsafe.Add(p, 2048), func() int64 { return 0 }
	return &bench{
		published: (*uint64)(unsafe.Add(p, 1024)),
		mine:      lock.Open(at, other, bells, now), its: lock.Open(at, victim, bells, now),
		v: Open(unsafe.Add(at, lock.Size(slots)), max),
	}
}

func write(l *lock.Lock, v *Value, src []byte) {
	if !l.Try() {
		panic("the lock is taken")
	}
	v.Write(src)
	if done, _ := l.Release(); !done {
		panic("the lock is not ours")
	}
}

// texts are values of some bytes: two before, one of the child's, one after.
func texts(n int) (all [4][]byte) {
	for i := range all {
		all[i] = bytes.Repeat([]byte{byte('a' + i)}, n-i)
	}
	return all
}

func operations() (all []killstep.Operation) {
	for _, before := range []int{0, 1, 2} { // so many values were written before
		all = append(all, writing(8, before), writing(100, before))
	}
	return append(all, writing(1000, 1))
}

func writing(n, before int) killstep.Operation {
	text := texts(n)
	return killstep.Operation{
		Name: fmt.Sprintf("write of %d bytes after %d", n, before), Size: 1 << 14,
		Prepare: func(p unsafe.Pointer) {
			b := openBench(p, n)
			for i := range before {
				write(&b.mine, &b.v, text[i])
			}
		},
		Open: func(p unsafe.Pointer) func() {
			b, text := openBench(p, n), text[2]
			return func() {
				write(&b.its, &b.v, text)
				*b.published = 1
			}
		},
		Check: func(p unsafe.Pointer) error {
			b, buf := openBench(p, n), make([]byte, n)
			read := func() ([]byte, error) {
				n, ok, err := b.v.Read(buf)
				if !ok || err != nil {
					return nil, fmt.Errorf("can't read: %v, %w", ok, err)
				}
				return buf[:max(n, 0)], nil
			}
			last := []byte{}
			if before > 0 {
				last = text[before-1]
			}
			got, err := read() // readers need no sweep
			switch {
			case err != nil:
				return err
			case bytes.Equal(got, text[2]):
			case *b.published == 1 || !bytes.Equal(got, last):
				return fmt.Errorf("the value is %q", got)
			}
			b.mine.Sweep(victim, false)
			b.mine.Sweep(victim, false) // as if it had been killed
			write(&b.mine, &b.v, text[3])
			if got, err = read(); err != nil || !bytes.Equal(got, text[3]) {
				return fmt.Errorf("the value is %q after a further write, %w", got, err)
			}
			return nil
		},
	}
}
