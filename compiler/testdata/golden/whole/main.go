// Package main is a sample for the tests of the compiler.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

func weigh(_ context.Context, p *WeighPorts, l Letter) (Letter, error) {
	if len(l.Text) > 40 {
		return l, fmt.Errorf("%d grams", len(l.Text))
	}
	p.Stamps.Add(p.Prices[l.Size])
	return l, nil
}

type numbers struct{ next int }

func openRegister(_ context.Context, first int) (Register, error) { return &numbers{first}, nil }

// Number has no use for what has no street.
func (n *numbers) Number(_ context.Context, l Letter) ([]Letter, error) {
	if l.Street == "" {
		return nil, nil
	}
	l.Number = n.next
	n.next++
	return []Letter{l}, nil
}

func (n *numbers) Total(context.Context) (int, error) { return n.next, nil }

func price(_ context.Context, p *PricePorts, size Size, count int) (int64, error) {
	return p.Prices[size] * int64(count), nil
}

func carrier(ctx context.Context, p *CarrierPorts) error {
	if err := p.Morning.Wait(ctx); err != nil {
		return err
	}
	for letter, err := range p.Sorted.All(ctx) {
		if err != nil {
			return err
		}
		if err := deliver(ctx, p, letter); err != nil {
			return err
		}
	}
	_, err := p.Evening.Wait(ctx)
	return err
}

// deliver goes by bicycle.
func deliver(ctx context.Context, p *CarrierPorts, l Letter) error {
	if err := p.Bicycles.Acquire(ctx); err != nil {
		return err
	}
	defer p.Bicycles.Release()
	if p.Inside.Add(1) > 1 {
		p.Crowded.Add(1)
	}
	defer p.Inside.Add(-1)

	cost, err := p.Price.Call(ctx, PriceTask{Size: l.Size, Count: 1})
	if err != nil {
		return err
	}
	p.Sum.Add(cost)
	err = p.Count.Update(ctx, func(c *Count) error {
		switch l.Size {
		case SizeCard:
			c.Cards++
		case SizeLetter:
			c.Letters++
		case SizeParcel:
			c.Parcels++
		}
		c.Last = max(c.Last, l.Text)
		return nil
	})
	if err != nil {
		return err
	}
	if err := write(ctx, p.Keys, p.Page, p.Book, int(l.Size)); err != nil {
		return err
	}
	if err := p.Plan.Lock(ctx); err != nil {
		return err
	}
	p.Rounds[len(l.Street)%len(p.Rounds)]++
	p.Plan.Unlock()

	err = p.Visits.Update(ctx, l.Street, func(n int, _ bool) (int, error) { return n + 1, nil })
	if err != nil {
		return err
	}
	if _, err := p.Streets.Add(ctx, l.Street); err != nil {
		return err
	}
	if err := p.Diary.Append(ctx, l.Text); err != nil {
		return err
	}
	if err := p.Counter.Lock(ctx); err != nil {
		return err
	}
	p.Waiting.Add(1)
	p.Counter.Notify(1)
	p.Counter.Unlock()
	return nil
}

// write takes the keys, then again, then the page.
func write(ctx context.Context, keys *mp.RLock, page *mp.Lock, book []int64, i int) error {
	ctx, err := keys.Lock(ctx)
	if err != nil {
		return err
	}
	defer keys.Unlock()
	again, err := keys.Lock(ctx)
	if err != nil {
		return err
	}
	defer keys.Unlock()
	if err := page.Lock(again); err != nil {
		return err
	}
	defer page.Unlock()
	book[i]++
	return nil
}

func stamp(_ context.Context, p *StampPorts, letters []Letter) ([]int64, error) {
	var all []int64
	for _, l := range letters {
		all = append(all, p.Prices[l.Size])
	}
	return all, nil
}

type tariff struct {
	p       *RatesPorts
	percent int64
}

func openRates(_ context.Context, p *RatesPorts, percent int64) (Rates, error) {
	return &tariff{p, percent}, nil
}

func (t *tariff) Of(_ context.Context, size Size) (int64, error) {
	return t.p.Prices[size] * t.percent / 100, nil
}

func depot(ctx context.Context, p *DepotPorts) error {
	for f, err := range p.Freight.All(ctx) {
		if err != nil {
			return err
		}
		for _, b := range f.Goods.Bytes() {
			if int(b) != f.Number {
				return fmt.Errorf("freight %d holds %d", f.Number, b)
			}
		}
		p.Weight.Add(int64(len(f.Goods.Bytes())))
	}
	return nil
}

func search(ctx context.Context, p *SearchPorts, depth int) error {
	p.Cellars.Add(1)
	if depth == 0 {
		return nil
	}
	below, err := p.Search(ctx, depth-1)
	if err != nil {
		return err
	}
	return below.Wait(ctx)
}

func courier(ctx context.Context, p *CourierPorts, to string, size Size) error {
	cost, err := p.Price.Call(ctx, PriceTask{Size: size, Count: len(to)})
	if err != nil {
		return err
	}
	p.Sum.Add(cost)
	return write(ctx, p.Keys, p.Page, p.Book, 3)
}

// clerk knows the names in the file by their numbers.
func clerk(ctx context.Context, p *ClerkPorts, names *os.File) error {
	defer names.Close()
	var known []string
	for lines := bufio.NewScanner(names); lines.Scan(); {
		known = append(known, lines.Text())
	}
	for question, err := range p.Phone.All(ctx) {
		if err != nil {
			return err
		}
		answer := fmt.Sprint(1 + slices.Index(known, question))
		if err := p.Phone.Send(ctx, answer); err != nil {
			return err
		}
	}
	return nil
}

// walker begins at one place, from each of which two more are reached.
func walker(ctx context.Context, p *WalkerPorts) error {
	if err := p.Steps.Send(ctx, Step{Place: "gate"}); err != nil {
		return err
	}
	for step, err := range p.Steps.All(ctx) {
		if err != nil {
			return err
		}
		p.Places.Add(1)
		if step.Depth == 5 {
			continue
		}
		for _, way := range []string{"left", "right"} {
			if err := p.Steps.Send(ctx, Step{Place: way, Depth: step.Depth + 1}); err != nil {
				return err
			}
		}
	}
	return nil
}

func janitor(ctx context.Context, p *JanitorPorts) error {
	for _, err := range p.Notes.All(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

func main() {
	mp.Main()
	if err := open(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func open(ctx context.Context) error {
	names, stop, err := directory("ada", "grace", "barbara")
	if err != nil {
		return err
	}
	defer stop()
	run, err := Start(ctx, Args{RoundsLen: 5, RegisterFirst: 100, RatesPercent: 150, ClerkNames: names})
	if err != nil {
		return err
	}
	defer run.Close()
	copy(run.Prices, []int64{1, 2, 5})
	if err := post(ctx, run); err != nil {
		return err
	}
	if err := wait(ctx, run); err != nil {
		return err
	}
	if err := phone(ctx, run); err != nil {
		return err
	}
	if err := ship(ctx, run); err != nil {
		return err
	}
	all, err := prices(ctx, run)
	if err != nil {
		return err
	}
	if err := run.Wait(); err != nil {
		return err
	}
	fmt.Println("prices:", all)
	return report(ctx, run)
}

// directory is an open file with names.
func directory(names ...string) (*os.File, func(), error) {
	f, err := os.CreateTemp("", "names")
	if err != nil {
		return nil, nil, err
	}
	stop := func() { f.Close(); os.Remove(f.Name()) }
	if _, err = f.WriteString(strings.Join(names, "\n")); err == nil {
		_, err = f.Seek(0, 0)
	}
	return f, stop, err
}

const posts = 60

// post sends letters, one of which is too heavy, and one that has no street.
func post(ctx context.Context, run *Run) error {
	run.Morning.Set()
	for i := range posts {
		l := Letter{Street: []string{"high", "mill", "station"}[i%3], Size: Size(i % 3), Text: fmt.Sprintf("text %02d", i)}
		switch i {
		case 7:
			l.Text = strings.Repeat("heavy ", 10)
		case 8:
			l.Street = ""
		}
		if err := run.Posted.Send(ctx, l); err != nil {
			return err
		}
	}
	run.Posted.Close()
	if err := run.Notes.Send(ctx, "all is posted"); err != nil {
		return err
	}
	heavy, err := run.Lost.Receive(ctx)
	if err != nil {
		return err
	}
	var remote *mp.Remote
	fmt.Println("lost:", len(heavy.Item.Text), errors.As(heavy.Err, &remote), remote)
	for _, to := range []string{"ada", "grace"} {
		p, err := run.Courier(ctx, to, SizeParcel)
		if err != nil {
			return err
		}
		if err := p.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wait is at the counter until all letters are delivered, and then goes home with
// the carriers.
func wait(ctx context.Context, run *Run) error {
	if err := run.Counter.Lock(ctx); err != nil {
		return err
	}
	if err := run.Counter.WaitFor(ctx, func() bool { return run.Waiting.Load() == posts-2 }); err != nil {
		return err
	}
	run.Counter.Unlock()
	_, err := run.Evening.Wait(ctx)
	return err
}

// phone asks, and waits for what comes first.
func phone(ctx context.Context, run *Run) error {
	for _, name := range []string{"grace", "nobody"} {
		if err := run.Phone.Send(ctx, name); err != nil {
			return err
		}
		select {
		case <-run.Phone.Ready():
		case <-time.After(time.Minute):
			return errors.New("nobody answers the phone")
		}
		answer, err := run.Phone.TryReceive()
		if err != nil {
			return err
		}
		fmt.Println("phone:", name, answer)
	}
	run.Phone.Close()
	return nil
}

// ship sends freight, and has the cellars searched.
func ship(ctx context.Context, run *Run) error {
	for i := range 20 {
		goods, err := run.Parcels.New(ctx, 100_000)
		if err != nil {
			return err
		}
		for k := range goods.Bytes() {
			goods.Bytes()[k] = byte(i)
		}
		if err := run.Freight.Send(ctx, Freight{Number: i, Goods: goods}); err != nil {
			return err
		}
	}
	run.Freight.Close()
	p, err := run.Search(ctx, 4)
	if err != nil {
		return err
	}
	return p.Wait(ctx)
}

// prices are made by all workers, and come in order.
func prices(ctx context.Context, run *Run) (all []int64, err error) {
	tasks := func(yield func(PriceTask) bool) {
		for i := range 9 {
			if !yield(PriceTask{Size: Size(i % 3), Count: i}) {
				return
			}
		}
	}
	for price, err := range run.Price.Map(ctx, tasks) {
		if err != nil {
			return nil, err
		}
		all = append(all, price)
	}
	for size := range SizeParcel + 1 {
		stamp := run.Stamp.Go(ctx, Letter{Size: size})
		rate, err := run.Rates.Of(ctx, size)
		if err != nil {
			return nil, err
		}
		value, err := stamp.Wait(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, rate, value)
	}
	return all, nil
}

func report(ctx context.Context, run *Run) error {
	total, err := run.Register.Total(ctx)
	if err != nil {
		return err
	}
	count, err := run.Count.Load(ctx)
	if err != nil {
		return err
	}
	fmt.Println("numbers:", total, run.Sum.Load(), run.Stamps.Load(), run.Places.Load(), run.Crowded.Load())
	fmt.Println("value:", count, run.Weight.Load(), run.Cellars.Load())
	fmt.Println("arrays:", run.Book, run.Rounds)
	visits, err := run.Visits.All(ctx)
	if err != nil {
		return err
	}
	var lines []string
	for street, n := range visits {
		lines = append(lines, fmt.Sprint(street, " ", n))
	}
	slices.Sort(lines)
	fmt.Println("dict:", lines)
	streets, err := run.Streets.Len(ctx)
	if err != nil {
		return err
	}
	var texts []string
	diary, err := run.Diary.All(ctx)
	if err != nil {
		return err
	}
	for _, text := range diary {
		texts = append(texts, text)
	}
	slices.Sort(texts)
	fmt.Println("set:", streets, "list:", len(texts), texts[0], texts[len(texts)-1])
	stats := run.Stats()
	var lost uint64
	for _, q := range stats.Queues {
		lost += q.Lost
	}
	fmt.Println("stats:", lost, stats.Queues["posted"].Sent, stats.Pools["weigh"].Done)
	return nil
}
