package main

import (
	"context"
	"fmt"
	"os"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

// The trial is a pipeline of mpgen's own, of one worker that gives its process id. That is all that a pool needs of a
// machine: memory files, a process, its supervision and limits, calls, and an end.

var trialPool = mp.PoolDecl[int, int]{Name: "trial", Workers: 1, Bytes: 1 << 20, Worker: mp.Worker{Memory: 256 << 20}}

var trialPipeline = mp.Pipeline{Path: toolPath + "/trial", Source: "trial", Decls: []mp.Decl{&trialPool}}

func init() {
	trialPool.Func = func(context.Context, int) (int, error) { return os.Getpid(), nil }
	mp.Register(&trialPipeline)
}

// trialTime is more than a trial takes on a machine that has much else to do.
const trialTime = 20 * time.Second

// tryEngine runs the trial.
func tryEngine(ctx context.Context, name string, option mp.Option) look {
	f := look{Name: name, State: fine}
	began := time.Now()
	pid, err := try(ctx, option)
	switch {
	case err != nil:
		f.State, f.Found = broken, err.Error()
		if name == "processes" {
			f.Means = "a program that is started here fails with this error"
			f.Do = fmt.Sprintf("see the lines above; %s=goroutines runs programs without processes", mp.EngineVariable)
		}
	case name == "processes":
		f.Found = fmt.Sprintf("a worker was started, called and ended in %d ms", time.Since(began).Milliseconds())
		if pid == os.Getpid() {
			f.State, f.Found = broken, "the worker is no process of its own"
		}
	default:
		f.Found = "works"
	}
	return f
}

func try(ctx context.Context, option mp.Option) (pid int, err error) {
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	run, node, err := mp.Start(ctx, &trialPipeline, []mp.Option{option, mp.NoSignals()})
	if err != nil {
		return 0, err
	}
	pid, err = trialPool.Pool(node).Call(ctx, 0)
	if e := run.Close(); err == nil {
		err = e
	}
	return pid, err
}
