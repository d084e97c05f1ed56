// Command start times what a further worker costs, from its start to the first
// line of its function, and a process that stands by.
//
//	start ours|peer|warm|alone n
//
// It prints the nanoseconds that n further workers took. The bench command builds
// and runs it: a program of its own because the peer is a bare re-exec of the same
// binary, which must not carry what the other peers link in.
//
// A further worker is what one more adds to a few: nine are started together, then
// one alone, each time until the last one's first line, and an eighth of the
// difference counts. So what a pipeline does once, for its first worker as for
// its hundredth, is not charged to a further one; and the bare re-exec is held to
// the same rule. Those that stand by are taken one by one, the whole time counts, and
// so it does of bare processes that are started alone.
package main

//go:generate go run -C ../.. ./cmd/mpgen generate bench/start

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	mp "github.com/mpgen/mpgen/runtime"

	"github.com/mpgen/mpgen/bench/start/visit"
)

// many is how many workers are started together, against one.
const many = 9

// bare is set in a bare re-exec.
const bare = "MPGEN_BENCH_BARE"

func main() {
	if os.Getenv(bare) != "" {
		binary.Write(os.Stdout, binary.LittleEndian, time.Now().UnixNano())
		return
	}
	mp.Main()
	took, err := start(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "start:", err)
		os.Exit(1)
	}
	fmt.Println(took.Nanoseconds())
}

func start(args []string) (took time.Duration, err error) {
	if len(args) != 2 {
		return 0, fmt.Errorf("%d arguments, want a side and a number", len(args))
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return 0, err
	}
	switch args[0] {
	case "ours":
		return further(workers, n)
	case "peer":
		return further(processes, n)
	case "warm":
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return visit.Each(ctx, n)
	case "alone":
		for range n {
			one, err := processes(1)
			if err != nil {
				return 0, err
			}
			took += one
		}
		return took, nil
	}
	return 0, fmt.Errorf("side %q, want ours, peer, warm or alone", args[0])
}

// further is what n further ones took.
func further(side func(int) (time.Duration, error), n int) (took time.Duration, err error) {
	for range n {
		all, err := side(many)
		if err != nil {
			return 0, err
		}
		one, err := side(1)
		if err != nil {
			return 0, err
		}
		took += (all - one) / (many - 1)
	}
	return took, nil
}

// workers starts a pipeline and returns the time until the last of its k workers
// has begun a task.
func workers(k int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for hold := 20 * time.Millisecond; hold < time.Second; hold *= 2 {
		took, workers, err := work(ctx, k, hold)
		if err != nil || workers == k {
			return took, err
		}
	}
	return 0, fmt.Errorf("the tasks of %d workers went to fewer", k)
}

func work(ctx context.Context, k int, hold time.Duration) (took time.Duration, workers int, err error) {
	start := time.Now()
	run, err := Start(ctx, mp.Workers(k))
	if err != nil {
		return 0, 0, err
	}
	defer run.Close()
	last, pids := int64(0), map[int]bool{}
	for b, err := range run.Begin.Map(ctx, slices.Values(slices.Repeat([]int64{int64(hold)}, k))) {
		if err != nil {
			return 0, 0, err
		}
		last = max(last, b.At)
		pids[b.Pid] = true
	}
	return time.Duration(last - start.UnixNano()), len(pids), run.Close()
}

func begin(ctx context.Context, hold int64) (Begun, error) {
	b := Begun{At: time.Now().UnixNano(), Pid: os.Getpid()}
	select {
	case <-time.After(time.Duration(hold)):
		return b, nil
	case <-ctx.Done():
		return b, ctx.Err()
	}
}

// processes starts k bare processes and returns the time until the last of them
// has begun.
func processes(k int) (time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	env := append(os.Environ(), bare+"=1")
	started := make([]*os.Process, k)
	lines := make([]*os.File, k)
	start := time.Now()
	for i := range k {
		r, w, err := os.Pipe()
		if err != nil {
			return 0, err
		}
		defer r.Close()
		p, err := os.StartProcess(self, []string{self}, &os.ProcAttr{Env: env, Files: []*os.File{nil, w, os.Stderr}})
		w.Close()
		if err != nil {
			return 0, err
		}
		started[i], lines[i] = p, r
	}
	last := int64(0)
	for i, p := range started {
		var at [8]byte
		if _, err := io.ReadFull(lines[i], at[:]); err != nil {
			return 0, err
		}
		last = max(last, int64(binary.LittleEndian.Uint64(at[:])))
		if _, err := p.Wait(); err != nil {
			return 0, err
		}
	}
	return time.Duration(last - start.UnixNano()), nil
}
