package mp

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stormy is makers and takers on demand, with a queue between and one behind.
var stormy = func() (s struct {
	pipeline   *Pipeline
	make, take *ProcessDecl
	made       *QueueDecl[made]
	taken      *QueueDecl[made]
}) {
	s.made, s.taken = &QueueDecl[made]{Name: "made", Capacity: 32}, &QueueDecl[made]{Name: "taken", Capacity: 32}
	s.make = &ProcessDecl{Name: "make", OnDemand: true, Max: 3, Send: []Decl{s.made}}
	s.make.Main = func(ctx context.Context, n *Node, d *Decoder) error {
		by, out := Get[int](d), s.made.Sender(n)
		for i := range madeByEach {
			if err := out.Send(ctx, made{by, i}); err != nil {
				return err
			}
		}
		return nil
	}
	s.take = &ProcessDecl{Name: "take", OnDemand: true, Max: 4, Receive: []Decl{s.made}, Send: []Decl{s.taken}}
	s.take.Main = func(ctx context.Context, n *Node, _ *Decoder) error {
		out := s.taken.Sender(n)
		for v, err := range s.made.Receiver(n).All(ctx) {
			if err != nil {
				return err
			}
			if err := out.Send(ctx, v); err != nil {
				return err
			}
		}
		return nil
	}
	s.pipeline = &Pipeline{Path: "mp.test/stormy", Source: "stormy.mp", Decls: []Decl{s.made, s.taken, s.make, s.take},
		Main: MainDecl{Receive: []Decl{s.taken}}}
	Register(s.pipeline)
	return s
}()

type made struct{ By, I int }

const madeByEach = 400

func TestStormOfKillsOnDemand(t *testing.T) {
	makers := 30
	if testing.Short() {
		makers = 10
	}
	r, n := begin(t, stormy.pipeline)
	ctx := limited(t)

	// Everything that lives is killed at random, until the makers are done.
	calm := make(chan struct{})
	var storm, crew sync.WaitGroup
	kills := 0
	storm.Go(func() {
		for {
			select {
			case <-calm:
				return
			case <-time.After(time.Duration(rand.IntN(int(4 * time.Millisecond)))):
			}
			if all := r.Processes(); len(all) > 0 {
				all[rand.IntN(len(all))].Kill()
				kills++
			}
		}
	})
	keep := func(d *ProcessDecl, by int) (p *Process) {
		p, err := d.Spawn(ctx, r, func(e *Encoder) { Put(e, by) })
		if err != nil {
			t.Error(err)
		}
		return p
	}
	next := make(chan int)
	for range 3 {
		crew.Go(func() {
			for by := range next {
				if p := keep(stormy.make, by); p != nil {
					<-p.Done()
				}
			}
		})
	}
	stop := make(chan struct{})
	var takers sync.WaitGroup
	for range 3 {
		takers.Go(func() { // each is replaced when it dies
			for {
				p := keep(stormy.take, 0)
				if p == nil {
					return
				}
				select {
				case <-p.Done():
				case <-stop:
					return
				}
			}
		})
	}
	times := map[made]int{}
	read := make(chan error)
	go func() {
		var last error
		for v, err := range stormy.taken.Receiver(n).All(ctx) {
			if last = err; err == nil {
				times[v]++
			}
		}
		read <- last
	}()
	for by := range makers {
		next <- by
	}
	close(next)
	crew.Wait()
	close(calm)
	storm.Wait()
	close(stop)
	takers.Wait()
	last := keep(stormy.take, 0) // at least one lives to take what is left
	require.NoError(t, r.Wait())
	end := <-read
	require.NotNil(t, last)

	// What a maker has sent arrives, from the first to the last, at least once.
	doubled, deaths := 0, r.Stats().Processes["take"].Failed
	most := make([]int, makers)
	for v, n := range times {
		doubled += n - 1
		most[v.By] = max(most[v.By], v.I+1)
	}
	total := 0
	for _, m := range most {
		total += m
	}
	require.Len(t, times, total, "items were lost")
	require.LessOrEqual(t, doubled, deaths, "each death makes one item come again")
	for _, name := range []string{"made", "taken"} {
		q := r.Stats().Queues[name]
		require.Zero(t, q.Len)
		require.Zero(t, q.Lost)
	}
	t.Log(kills, "kills,", total, "items,", doubled, "came twice;", r.Stats().Processes)
	if deaths > 0 {
		require.True(t, errors.As(end, new(*Died)), end)
	}
}
