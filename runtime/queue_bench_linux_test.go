package mp

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/shm"
)

// These benchmarks tell what an item costs the processors when nobody waits and
// nothing crosses from one to the other: one goroutine sends a part of what a
// queue holds and receives it again.

const atOnce = 512

// benchPipeline has a queue of one process, and one that another shares.
var benchPipeline = func() (b struct {
	pipeline     *Pipeline
	spsc, shared *QueueDecl[flat64]
}) {
	b.spsc, b.shared = &QueueDecl[flat64]{Name: "spsc"}, &QueueDecl[flat64]{Name: "shared"}
	one := &ProcessDecl{Name: "one", Send: []Decl{b.spsc, b.shared}, Receive: []Decl{b.spsc, b.shared}}
	two := &ProcessDecl{Name: "two", Send: []Decl{b.shared}, Receive: []Decl{b.shared}}
	b.pipeline = &Pipeline{Path: "mp.test/bench", Source: "bench.mp", Decls: []Decl{b.spsc, b.shared, one, two}}
	return b
}()

// lone is a process's view of a run that has no processes.
func lone(b *testing.B, p *Pipeline) *Node {
	pl, err := newPlan(p, told{1})
	if err != nil {
		b.Fatal(err)
	}
	memory := func(size int) *shm.File {
		f, err := shm.Create("mpgen-bench", size)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { f.Close() })
		return f
	}
	ctl, err := control.New(memory(control.Size(len(pl.slots), pl.spares, len(pl.parts), pl.rows(), len(pl.told))), len(pl.slots), pl.spares, len(pl.parts), pl.rows(), len(pl.told), p.Path)
	if err != nil {
		b.Fatal(err)
	}
	return newNode(pl, 1, false, ctl, memory(len(pl.slots)*64), memory(pl.commonsSize))
}

func BenchmarkQueue(b *testing.B) {
	if os.Getenv(programVariable) != "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for _, q := range []*QueueDecl[flat64]{benchPipeline.spsc, benchPipeline.shared} {
		b.Run(q.Name+"/items", func(b *testing.B) {
			n := lone(b, benchPipeline.pipeline)
			s, r := q.Sender(n), q.Receiver(n)
			b.ReportAllocs()
			for i := 0; i < b.N; i += atOnce {
				for k := range atOnce {
					_ = s.Send(ctx, flat64{Seq: k})
				}
				for range atOnce {
					_, _ = r.Receive(ctx)
				}
			}
		})
		b.Run(q.Name+"/batches", func(b *testing.B) {
			n := lone(b, benchPipeline.pipeline)
			s, r := q.Sender(n), q.Receiver(n)
			fill := func() {
				_ = s.SendAll(ctx, func(yield func(flat64) bool) {
					for k := range atOnce {
						if !yield(flat64{Seq: k}) {
							return
						}
					}
				})
			}
			b.ReportAllocs()
			fill()
			i := 0
			for range r.All(ctx) {
				if i++; i%atOnce == 0 {
					if i > b.N {
						break
					}
					fill()
				}
			}
		})
	}
	b.Run("channel", func(b *testing.B) {
		c := make(chan flat64, 1024)
		for i := 0; i < b.N; i += atOnce {
			for k := range atOnce {
				c <- flat64{Seq: k}
			}
			for range atOnce {
				<-c
			}
		}
	})
}
