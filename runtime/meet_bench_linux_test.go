package mp

import (
	"context"
	"testing"
)

// BenchmarkMeeting is what each costs where nobody waits.
func BenchmarkMeeting(b *testing.B) {
	g := play(b)
	ctx := context.Background()
	for _, c := range []struct {
		name string
		act  func() error
	}{
		{"semaphore", func() error {
			s := players.semaphore.In(g.n)
			err := s.Acquire(ctx)
			s.Release()
			return err
		}},
		{"event", func() error { return players.event.In(g.n).Wait(ctx) }},
		{"condition", func() error {
			c := players.condition.In(g.n)
			err := c.Lock(ctx)
			c.Notify(1)
			c.Unlock()
			return err
		}},
		{"rwlock read", func() error {
			l := players.rwlock.In(g.n)
			err := l.RLock(ctx)
			l.RUnlock()
			return err
		}},
		{"rwlock write", func() error {
			l := players.rwlock.In(g.n)
			err := l.Lock(ctx)
			l.Unlock()
			return err
		}},
		{"rlock", func() error {
			l := players.rlock.In(g.n)
			_, err := l.Lock(ctx)
			l.Unlock()
			return err
		}},
	} {
		players.event.In(g.n).Set()
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.act(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	g.r.Close()
}
