package numbers

import (
	"context"

	mp "github.com/mpgen/mpgen/runtime"
)

type ports struct {
	Done, Left *mp.Number[int64]
	Size       *mp.Number[uint32]
	Turn       *mp.Lock
}

func locked(ctx context.Context, p *ports) {
	p.Turn.Lock(ctx)
	p.Done.Store(p.Done.Load() + 1)
	p.Turn.Unlock()
}

func count(p *ports, n int64) {
	p.Done.Store(p.Done.Load() + 1)       // want `what another process adds between Load and Store is lost: write p.Done.Add\(1\)`
	p.Done.Store(n*2 + p.Done.Load())     // want `write p.Done.Add\(n \* 2\)`
	p.Left.Store(p.Left.Load() - (n + 1)) // want `write p.Left.Add\(-\(n \+ 1\)\)`
	p.Left.Store(p.Done.Load() + 1)
	p.Left.Store(2 * p.Left.Load())
	p.Left.Store(1 - p.Left.Load())
	p.Size.Store(p.Size.Load() - 1)
	p.Done.Add(1)
}
