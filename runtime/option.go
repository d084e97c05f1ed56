package mp

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// Option changes how a pipeline is started, not what it does.
type Option func(*options)

type options struct {
	workers int
	signals bool
	engine  string // its name, "" for the default
	logger  *slog.Logger
}

// Workers sets the number of workers of pools that declare none; without it, or
// with 0, that is GOMAXPROCS.
func Workers(n int) Option { return func(o *options) { o.workers = n } }

// Logger receives what processes log by package slog's default logger, or by
// package log, with the attributes process, pid and, in a worker that is called,
// task; without it that is the program's own [slog.Default]. Records that it does
// not enable are dropped where they arise. Its handler must not wait for the run.
// With the goroutines engine processes log by the program's default anyway.
func Logger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// NoSignals leaves signals to the program. Without it an interrupt or a
// termination signal ends the run in order: contexts are cancelled, who does not
// return within its grace is killed, one line on standard error sums up, and
// Wait returns [ErrInterrupted]. If nobody waits for the run, the program then
// ends by the signal as it would without a run. And SIGQUIT, unless the program
// ignores it, writes a [Run.Dump] to standard error, and all goes on; a second one
// within two seconds after that ends the program with its stacks, as Go does.
func NoSignals() Option { return func(o *options) { o.signals = false } }

// Processes makes each process of the run an operating-system process over shared
// memory, which is the default. It needs Linux on amd64 or arm64.
func Processes() Option { return func(o *options) { o.engine = "processes" } }

// Goroutines makes each process of the run a goroutine of the program, for the
// race detector, a debugger, and systems without the other engine. Items are
// encoded and copied and each worker has its own state, as between processes;
// what can't be killed is abandoned: it counts as dead and runs on until it
// returns. The manual has a table of what differs.
func Goroutines() Option { return func(o *options) { o.engine = "goroutines" } }

// Inline makes each process of the run a goroutine of the program, of which one
// runs at a time. It gives way only where it would wait, and the next in the order
// of the declarations goes on, so a run repeats exactly. When all wait for each
// other, each gets a [*Deadlock]. The program itself is one of them while it is in
// a call of the run that waits.
func Inline() Option { return func(o *options) { o.engine = "inline" } }

// EngineVariable is the variable of the environment that chooses the engine, over
// what Start is told: "processes", "goroutines" or "inline".
const EngineVariable = "MP_ENGINE"

// engines are the engines by name.
var engines = map[string]func() engine{
	"processes":  func() engine { return &processes{} },
	"goroutines": func() engine { return &goroutines{} },
	"inline":     func() engine { return &goroutines{turns: true} },
}

// choose makes the engine that the environment or the options name.
func (o *options) choose() (engine, error) {
	name, by := o.engine, "the option"
	if v := os.Getenv(EngineVariable); v != "" {
		name, by = v, EngineVariable
	}
	if name == "" {
		name = "processes"
	}
	make, ok := engines[name]
	if !ok {
		var known []string
		for k := range engines {
			known = append(known, k)
		}
		slices.Sort(known)
		return nil, fmt.Errorf("%s names the engine %q, want one of %s", by, name, strings.Join(known, ", "))
	}
	if name == "processes" && !proc.Supported {
		return nil, fmt.Errorf("the processes engine needs linux on amd64 or arm64: choose another, with mp.Goroutines(), mp.Inline(), or %s=goroutines: %w", EngineVariable, errors.ErrUnsupported)
	}
	return make(), nil
}
