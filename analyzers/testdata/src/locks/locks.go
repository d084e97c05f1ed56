package locks

import (
	"context"

	mp "github.com/mpgen/mpgen/runtime"
)

func left(ctx context.Context, p *LeftPorts) error {
	if err := p.Net.Lock(ctx); err != nil {
		return err
	}
	defer p.Net.Unlock()
	if err := p.Disk.Lock(ctx); err != nil {
		return err
	}
	p.Disk.Unlock()
	return nil
}

func right(ctx context.Context, p *RightPorts) error {
	disk := p.Disk
	if err := disk.Lock(ctx); err != nil {
		return err
	}
	defer disk.Unlock()
	if err := p.Net.Lock(ctx); err != nil { // want `lock Net is taken while Disk is held, and Disk while Net is held at line 14: processes that do each may wait for each other for ever`
		return err
	}
	p.Net.Unlock()
	return nil
}

// One after another is no order.
func apart(ctx context.Context, p *RightPorts) {
	p.A.Lock(ctx)
	p.A.Unlock()
	p.Net.Lock(ctx)
	p.Net.Unlock()
	p.A.Lock(ctx)
	p.A.Unlock()
}

// Through functions, and in a ring of three.
func ab(ctx context.Context, p *LeftPorts) {
	p.A.Lock(ctx)
	takeB(ctx, p)
	p.A.Unlock()
}

func takeB(ctx context.Context, p *LeftPorts) {
	p.B.Lock(ctx) // want `lock B is taken while A is held, and C while B is held at line 61, and A while C is held at line 65: `
	p.B.Unlock()
}

func holdB(ctx context.Context, p *LeftPorts) { p.B.Lock(ctx) }
func freeB(p *LeftPorts)                      { p.B.Unlock() }

func bc(ctx context.Context, p *LeftPorts) {
	holdB(ctx, p)
	p.C.Lock(ctx)
	p.C.Unlock()
	freeB(p)
	p.C.Lock(ctx)
	p.A.Lock(ctx)
	p.A.Unlock()
	p.C.Unlock()
}

// A trial does not wait.
func tries(ctx context.Context, p *LeftPorts) {
	p.D.Lock(ctx)
	if p.E.TryLock() == nil {
		p.E.Unlock()
	}
	p.D.Unlock()
	p.E.Lock(ctx)
	p.D.Lock(ctx)
	p.D.Unlock()
	p.E.Unlock()
}

// What failed is not held, and a branch that leaves holds nothing behind it.
func fails(ctx context.Context, p *LeftPorts, early bool) {
	if err := p.F.Lock(ctx); err != nil {
		p.G.Lock(ctx)
		p.G.Unlock()
		return
	}
	if early {
		p.F.Unlock()
		p.G.Lock(ctx)
		p.G.Unlock()
		return
	}
	p.F.Unlock()
	p.G.Lock(ctx)
	p.F.Lock(ctx)
	p.F.Unlock()
	p.G.Unlock()
}

// A goroutine holds nothing of what it was started under.
func spawns(ctx context.Context, p *LeftPorts) {
	p.H.Lock(ctx)
	go func() {
		p.I.Lock(ctx)
		p.I.Unlock()
	}()
	p.H.Unlock()
	p.I.Lock(ctx)
	p.H.Lock(ctx)
	p.H.Unlock()
	p.I.Unlock()
}

func twice(ctx context.Context, p *LeftPorts, n int) {
	p.J.Lock(ctx)
	p.J.Lock(ctx) // want `lock J is held here since line 118, and who takes it again waits for itself`
	p.J.Unlock()
	for range n {
		p.J.Lock(ctx)
		if n > 3 {
			p.J.Unlock()
			continue
		}
		p.J.Unlock()
	}
	p.Re.Lock(ctx)
	p.Re.Lock(ctx)
}

// One of two ways is none that is sure.
func either(ctx context.Context, p *LeftPorts, n int) {
	if n > 1 {
		p.J.Lock(ctx)
	}
	if n <= 1 {
		p.J.Lock(ctx)
	}
	p.J.Unlock()
}

func again(ctx context.Context, p *LeftPorts) {
	p.J.Lock(ctx)
	defer p.J.Unlock()
	inner(ctx, p) // want `lock J is held here since line 145, and who takes it again`
}

func inner(ctx context.Context, p *LeftPorts) {
	p.J.Lock(ctx)
	defer p.J.Unlock()
	if p == nil {
		inner(ctx, p)
	}
}

// Locks of which nothing is known are left alone.
func unknown(ctx context.Context, a, b *mp.Lock) {
	a.Lock(ctx)
	b.Lock(ctx)
	b.Unlock()
	a.Unlock()
	b.Lock(ctx)
	a.Lock(ctx)
}
