package mp

// Option changes how a pipeline is started, not what it does.
type Option func(*options)

type options struct {
	workers int
	signals bool
}

// Workers sets the number of workers of pools that declare none; without it, or
// with 0, that is GOMAXPROCS.
func Workers(n int) Option { return func(o *options) { o.workers = n } }

// NoSignals leaves signals to the program. Without it an interrupt or a
// termination signal ends the run in order: contexts are cancelled, who does not
// return within its grace is killed, one line on standard error sums up, and
// Wait returns [ErrInterrupted]. If nobody waits for the run, the program then
// ends by the signal as it would without a run.
func NoSignals() Option { return func(o *options) { o.signals = false } }

// choose makes the engine.
func (o *options) choose() (engine, error) { return &processes{}, nil }
