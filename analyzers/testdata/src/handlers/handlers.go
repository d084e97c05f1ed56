package handlers

import (
	"context"
	"os/exec"
	"time"
)

func scan(ctx context.Context, p *ScanPorts, root string) error {
	return p.Jobs.Send(context.Background(), root) // want `handler scan waits without the context that it is given: use its own`
}

func sleeps(_ context.Context, n int) error {
	time.Sleep(time.Duration(n)) // want `handler sleeps never looks at its context, and calls time.Sleep: select on ctx.Done`
	return nil
}

func naps(ctx context.Context) error {
	time.Sleep(time.Second / 2)
	return nil
}

func gone(context.Context, int) error {
	<-make(chan int) // want `handler gone never looks at its context, and receives from a channel`
	return nil
}

func spin(ctx context.Context) error {
	n := 0
	for { // want `handler spin never looks at its context, and loops without an end`
		n++
	}
}

// What ends by itself needs no context.
func turns(ctx context.Context, n int) (int, error) {
	for n%2 == 0 {
		n /= 2
	}
	for {
		if n++; n > 10 {
			return n, nil
		}
	}
}

func lists(ctx context.Context, c chan int) error {
	for range c { // want `handler lists never looks at its context, and ranges over a channel`
	}
	return nil
}

func fetch(ctx context.Context, url string) (string, error) {
	_, err := exec.Command("wget", url).Output() // want `handler fetch never looks at its context, and calls os/exec.Command: use exec.CommandContext`
	return "", err
}

func selects(ctx context.Context, a, b chan int) error {
	select { // want `handler selects never looks at its context, and waits in a select`
	case <-a:
	case b <- 1:
	}
	return nil
}

func polls(ctx context.Context, a chan int) error {
	select {
	case <-ctx.Done():
	case <-a:
	}
	time.Sleep(1)
	return nil
}

// What is done at the end may outlast the context.
func cleans(ctx context.Context, p *ScanPorts) error {
	defer p.Jobs.Send(context.Background(), "end")
	return ctx.Err()
}

func background(ctx context.Context, p *ScanPorts) error {
	wait, cancel := context.WithTimeout(context.TODO(), time.Second) // want `handler background waits without the context`
	defer cancel()
	return p.Jobs.Send(wait, "x")
}

func ignored(ctx context.Context) error {
	//mpgen:ignore mpcontext it is killed on purpose
	time.Sleep(time.Hour)
	return nil
}

func reasonless(ctx context.Context) error {
	//mpgen:ignore mpcontext
	_ = context.Background() // want `handler reasonless waits without`
	return nil
}

type model struct{}

func openModel(ctx context.Context) (Model, error) { return model{}, nil }

func (model) Classify(ctx context.Context, name string) (string, error) {
	time.Sleep(time.Minute) // want `handler Classify never looks at its context`
	return name, nil
}

func (model) Other(ctx context.Context) { time.Sleep(1) }

// Nobody calls this one from generated code.
func plain(ctx context.Context) { time.Sleep(1) }
