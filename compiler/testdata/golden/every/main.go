// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func greet(_ context.Context, p *GreetPorts, name string, at time.Time) error {
	p.Total.Add(int64(len(name)) + at.Unix())
	return nil
}

// branch goes as deep as it is told to.
func branch(ctx context.Context, p *BranchPorts, name string, deeper int, at time.Time) error {
	start := p.Greet
	if deeper > 0 {
		start = func(ctx context.Context, name string, at time.Time) (*mp.Process, error) {
			return p.Branch(ctx, name, deeper-1, at)
		}
	}
	child, err := start(ctx, name, at)
	if err != nil {
		return err
	}
	return child.Wait(ctx)
}

func tick(ctx context.Context, p *TickPorts) error { return p.Notes.Send(ctx, "tick") }

// life asks a service and a pool for each order, and counts them on a board.
func life(ctx context.Context, p *LifePorts, turns int) error {
	for order, err := range p.Orders.All(ctx) {
		if err != nil {
			return err
		}
		price, err := p.Price.Call(ctx, PriceTask{Order: order, Scale: p.Depth[len(p.Depth)-1]})
		if err != nil {
			return err
		}
		if _, err := p.Ledger.Add(ctx, order, int64(price)*int64(turns)); err != nil {
			return err
		}
		if err := p.Door.Lock(ctx); err != nil {
			return err
		}
		p.Board[p.Instance].Age++
		p.Door.Unlock()
		if err := p.Mood.Store(ctx, MoodBusy); err != nil {
			return err
		}
	}
	return nil
}

func serve(ctx context.Context, p *ServePorts) error {
	if err := p.Latest.Store(ctx, Order{User: "ada", Goods: []string{"tea"}}); err != nil {
		return err
	}
	if err := p.Names.Store(ctx, map[string][]int{"ada": {1, 2}}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func watch(ctx context.Context, p *WatchPorts) error {
	for _, err := range p.Notes.All(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

func price(ctx context.Context, p *PricePorts, order Order, scale float64) (float64, error) {
	rate, err := p.Rate.Call(ctx, scale)
	return rate * float64(len(order.Goods)), err
}

func rate(ctx context.Context, p *RatePorts, scale float64) (float64, error) {
	return 2 * scale, p.Notes.Send(ctx, "rate")
}

func blur(_ context.Context, pix []byte, radius float64) ([]byte, error) {
	return append(pix, byte(radius)), nil
}

func erase(context.Context, string, string) error { return nil }

func mark(ctx context.Context, p *MarkPorts, n int) error {
	if err := p.Door.Lock(ctx); err != nil {
		return err
	}
	defer p.Door.Unlock()
	p.Marks[n]++
	return nil
}

func weigh(_ context.Context, orders []Order) ([]float64, error) {
	weights := make([]float64, len(orders))
	for i, o := range orders {
		weights[i] = float64(len(o.Goods))
	}
	return weights, nil
}

func tell(_ context.Context, p *TellPorts, names []string) error {
	p.Total.Add(int64(len(names)))
	return nil
}

func fetch(_ context.Context, url string) ([]byte, error) { return []byte(url), nil }

type book struct {
	p     *LedgerPorts
	total int64
}

func openLedger(_ context.Context, p *LedgerPorts, _ string, from int64) (Ledger, error) {
	return &book{p, from}, nil
}

func (b *book) Add(ctx context.Context, order Order, n int64) (int64, error) {
	b.total += n
	return b.total, b.p.Cells.Send(ctx, Cell{Alive: true, Age: uint8(len(order.Goods))})
}

func (b *book) Total(context.Context) (int64, error) { return b.total, nil }

func (b *book) Book(_ context.Context, order Order) ([]string, error) { return order.Goods, nil }

func (b *book) Note(ctx context.Context, _ string) error {
	_, err := b.p.Rate.Call(ctx, 1)
	return err
}

func (b *book) Clear(_ context.Context, ctx string, v int, err float64, c bool, d string, e []string, mp rune) (map[string]time.Time, error) {
	return map[string]time.Time{fmt.Sprintf("%s %d %v %t %s %q %c", ctx, v, err, c, d, e, mp): time.Unix(0, 0).UTC()}, nil
}

type clock struct{}

func openClock(context.Context) (Clock, error) { return clock{}, nil }

func (clock) Now(context.Context) (time.Time, error) { return time.Now(), nil }

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{DepthLen: 2, LifeTurns: 3, LedgerFile: "ledger", LedgerFrom: 7})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	run.Depth[1] = 1.5
	go func() {
		for range run.Cells.All(ctx) {
		}
	}()
	for i := range 8 {
		if err := run.Orders.Send(ctx, Order{User: fmt.Sprint(i % 3), Goods: []string{"tea", "milk"}}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(run.Fresh.Send(ctx, Order{Goods: []string{"salt"}}))
	fmt.Println(run.Bills.Receive(ctx))
	fmt.Println(run.Ledger.Clear(ctx, "a", 1, 2.5, true, "b", []string{"c"}, 'd'))
	fmt.Println(run.Ledger.Note(ctx, "note"))
	fmt.Println(run.Blur.Call(ctx, BlurTask{Pix: []byte{1}, Radius: 2}))
	fmt.Println(run.Erase.Call(ctx, EraseTask{From: "a", To: "b"}))
	fmt.Println(run.Mark.Call(ctx, 3))
	fmt.Println(run.Weigh.Call(ctx, Order{Goods: []string{"tea", "milk"}}))
	fmt.Println(run.Tell.Call(ctx, "Ada"))
	fmt.Println(run.Fetch.Call(ctx, "here"))
	p, err := run.Greet(ctx, "Ada", time.Unix(40, 0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Wait(ctx), run.Total.Load(), run.Marks[3])
	p, err = run.Branch(ctx, "Bea", 2, time.Unix(40, 0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Wait(ctx), run.Total.Load())
	if err := run.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	age := 0
	for _, c := range run.Board {
		age += int(c.Age)
	}
	fmt.Println(age)
}
