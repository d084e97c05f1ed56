package mp

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// joinSoon sends items, and waits until all that was sent is done.
func joinSoon(t *testing.T, what string, in *Sender[[]byte], items ...[]byte) {
	t.Helper()
	ctx, began := limited(t), time.Now()
	for _, b := range items {
		require.NoError(t, in.Send(ctx, b))
	}
	require.NoError(t, in.Join(ctx))
	require.Less(t, time.Since(began), soon, what)
}

// balanced ends the run, and checks that no item and no memory is missing.
func balanced(t *testing.T, r *Run, in *Sender[[]byte], sent int) {
	t.Helper()
	in.Close()
	require.NoError(t, r.Wait())
	q := r.Stats().Queues["in"]
	require.Equal(t, QueueStats{Cap: q.Cap, Sent: uint64(sent), Received: uint64(sent)}, q)
	for i := range r.bounded {
		a := func() interface{ HasRoom(int) bool } {
			if b := r.bounded[i]; b != nil {
				return b.Arena
			}
			return r.spsc[i].Arena
		}()
		require.True(t, a.HasRoom(mib), "blocks of the arena are lost")
	}
}

func TestReaderThatWaitsMayDie(t *testing.T) {
	for _, w := range []workedOff{workedByOne, workedInLoop, workedByTwo, workedByKey} {
		t.Run(w.pipeline.Source, func(t *testing.T) {
			r, n := begin(t, w.pipeline)
			in, sent := w.in.Sender(n), 0
			for round := range 3 {
				m := r.members[round%len(r.members)]
				pid := pidOf(t, m)
				until(t, "readers wait", func() bool {
					for i, p := range r.plan.parts {
						if b := r.bounded[i]; len(p.consumers) == 1 && p.consumers[0] != m.index {
							continue
						} else if b != nil && b.Items().Any() || b == nil && r.spsc[i].Items().Any() {
							return true
						}
					}
					return false
				})
				syscall.Kill(pid, syscall.SIGKILL)
				joinSoon(t, "after the death of one that waited", in, chore(fast), chore(fast), chore(fast))
				sent += 3
				require.Equal(t, sent, w.done.In(n).Load())
				until(t, "there is another", func() bool { p := int(m.pid.Load()); return p != 0 && p != pid })
			}
			balanced(t, r, in, sent)
		})
	}
}

func TestReaderThatWorksMayDie(t *testing.T) {
	for _, w := range []workedOff{workedByOne, workedInLoop, workedByTwo, workedByKey} {
		for name, size := range map[string]int{"small item": 50, "large item": 100_000} {
			t.Run(w.pipeline.Source+" "+name, func(t *testing.T) {
				r, n := begin(t, w.pipeline)
				in, ctx := w.in.Sender(n), limited(t)
				item := make([]byte, size)
				item[1] = held
				require.NoError(t, in.Send(ctx, item))
				holder := w.holder.In(n)
				until(t, "one works on it", func() bool { return holder.Load() != 0 })
				for range 8 { // behind it, and beside it
					require.NoError(t, in.Send(ctx, chore(fast)))
				}
				syscall.Kill(holder.Load(), syscall.SIGKILL)
				joinSoon(t, "after the death of one that worked", in)
				require.GreaterOrEqual(t, w.done.In(n).Load(), 9)
				balanced(t, r, in, 9)
			})
		}
	}
}
