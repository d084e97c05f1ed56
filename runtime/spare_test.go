package mp

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/control"
)

// willing is a spare that stands, and takes over at once.
type willing struct {
	instance
	standing chan struct{}
}

func (w willing) Standing() <-chan struct{} { return w.standing }
func (w willing) Begun() <-chan struct{}    { return w.standing }
func (w willing) Dead() <-chan struct{}     { return nil }

func (w willing) assign(m *member, _ int) error {
	m.report.Birth.Store(control.Born)
	return nil
}

func TestSpareThatCountsIsThereToTake(t *testing.T) {
	stands := make(chan struct{})
	close(stands)
	m := &member{report: new(control.Report)}
	for range 2000 {
		s := &spares{turn: make(chan struct{}, 1), over: make(chan struct{})}
		s.turn <- struct{}{}
		taken := make(chan bool)
		go func() {
			was, _ := s.tend(willing{standing: stands})
			taken <- was
		}()
		for s.count() == 0 {
			runtime.Gosched()
		}
		require.NotNil(t, s.take(m, 1))
		require.Zero(t, s.count())
		require.True(t, <-taken)
	}
}
