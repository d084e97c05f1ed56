package waits

import (
	"context"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func never(ctx context.Context) error {
	run, err := Start(ctx)
	if err != nil {
		return err
	}
	run.Walk(ctx)
	for _, err := range run.Sums.All(ctx) { // want `this loop never ends: queue sums stays open until run.Wait, since the program may still start walk: call run.Wait in another goroutine, before the loop`
		if err != nil {
			return err
		}
	}
	return run.Wait()
}

func called(ctx context.Context, run *Run) {
	for _, err := range mp.Progress(run.Parts.All(ctx), "parts", 0) { // want `queue parts stays open until run.Wait, since the program may still call split`
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
}

func literal(ctx context.Context, run *Run) {
	func() {
		for range run.Sums.All(ctx) { // want `queue sums stays open`
		}
		run.Wait()
	}()
}

func beside(ctx context.Context, run *Run) error {
	ended := make(chan error)
	go func() { ended <- run.Wait() }()
	for range run.Sums.All(ctx) {
	}
	run.Wait() // says what the other one said
	return <-ended
}

func elsewhere(ctx context.Context, run *Run) error {
	go wait(run)
	for range run.Sums.All(ctx) {
	}
	return run.Wait()
}

func wait(run *Run) { run.Wait() }

func method(ctx context.Context, run *Run) error {
	wait := run.Wait
	go wait()
	for range run.Sums.All(ctx) {
	}
	return run.Wait()
}

func goroutine(ctx context.Context, run *Run) error {
	go func() {
		for range run.Sums.All(ctx) {
		}
	}()
	return run.Wait()
}

// enough knows how many come.
func enough(ctx context.Context, run *Run) error {
	n := 0
	for range run.Sums.All(ctx) {
		if n++; n == 10 {
			break
		}
	}
	return run.Wait()
}

func closing(ctx context.Context, run *Run) error {
	for range run.Lines.All(ctx) {
	}
	for range run.Ticks.All(ctx) {
	}
	return run.Wait()
}

func meant(ctx context.Context, run *Run) error {
	for range run.Sums.All(ctx) { //mpgen:ignore mpwait another program ends it
	}
	return run.Wait()
}
