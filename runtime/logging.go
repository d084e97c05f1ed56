package mp

import (
	"context"
	"log/slog"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mpgen/mpgen/runtime/internal/line"
)

// logging hands the records of the processes to the program's logger. That is the
// user's code, so a goroutine of its own does it, which is there while there are
// records. Nothing is dropped: when many wait, no more are taken in, the lines of
// those who log fill up, and then who logs waits.
type logging struct {
	run  *Run
	to   *slog.Logger // nil: slog.Default
	full atomic.Bool  // no more are to be taken in

	mu      sync.Mutex
	queue   []slog.Record
	running bool
}

// maxRecords is how many records wait before no more are taken in.
const maxRecords = 256

func (l *logging) handler() slog.Handler {
	if l.to != nil {
		return l.to.Handler()
	}
	return slog.Default().Handler()
}

// Levels beyond these are not told apart.
const lowLevel, highLevel = -1 << 10, 1 << 10

// tellLevel tells the processes the least level that is logged. They ask for it at
// each record, so one that starts later tells it to all.
func (l *logging) tellLevel() {
	h := l.handler()
	least := lowLevel + sort.Search(highLevel-lowLevel, func(i int) bool {
		return h.Enabled(context.Background(), slog.Level(lowLevel+i))
	})
	l.run.node.control.LogLevel.Store(uint32(int32(least)))
}

// logs takes in a record. upMu is held.
func (m *member) logs(f line.Frame) {
	var d Decoder
	d.reset(f.Data)
	first := []slog.Attr{slog.String("process", m.title()), slog.Int64("pid", m.pid.Load())}
	if m.core != nil && f.ID != 0 {
		first = append(first, slog.Uint64("task", f.ID))
	}
	record := decodeRecord(&d, first...)
	if d.Err() != nil {
		m.life.corrupt = true
		m.killSoon(ErrCorruptPeer)
		return
	}
	m.life.logs = true
	m.run.log.add(record)
}

// tellReplaced logs that a process failed which is started again, as nobody else is
// told of that. One that has done its part is no failure.
func (m *member) tellReplaced(pid int, cause error, left remains) {
	if cause == nil {
		return
	}
	record := slog.NewRecord(time.Now(), slog.LevelWarn, "process failed, and is started again", 0)
	record.AddAttrs(slog.String("process", m.title()), slog.Int("pid", pid), slog.String("cause", cause.Error()))
	if m.slot.pool >= 0 && m.run.plan.pools[m.slot.pool].object {
		record.AddAttrs(slog.String("object", "opened anew, its state is lost"))
	}
	if left.again > 0 {
		record.AddAttrs(slog.Int("items again", left.again))
	}
	m.run.log.add(record)
}

func (l *logging) add(r slog.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, r)
	if len(l.queue) >= maxRecords {
		l.full.Store(true)
	}
	if !l.running {
		l.running = true
		l.run.watching.Go(l.deliver)
	}
}

// deliver hands on until there is nothing more.
func (l *logging) deliver() {
	for {
		l.mu.Lock()
		records := l.queue
		l.queue = nil
		if len(records) == 0 {
			l.running = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		ctx, h := context.Background(), l.handler()
		for _, r := range records {
			if h.Enabled(ctx, r.Level) {
				_ = h.Handle(ctx, r) // as package slog does
			}
		}
		if l.full.Swap(false) {
			l.run.node.bell.Ring() // those that were left are taken in
		}
	}
}
