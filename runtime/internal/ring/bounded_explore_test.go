//go:build explore

package ring

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/explore"
	"github.com/mpgen/mpgen/runtime/internal/seam"
)

func TestBoundedUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct {
		name              string
		told              bool
		capacity          int
		messages          []int
		workers           int
		consumers         int
		kills, sweepKills int
		walks, limit      int // 0: 300 walks; no limit
	}{
		{"1P1C", false, 1, []int{2}, 0, 1, 1, 1, 0, 0},
		{"1P1C", false, 2, []int{3}, 0, 1, 1, 1, 0, 0},
		{"2P1C", false, 1, []int{1, 1}, 0, 1, 0, 0, 0, 0},
		{"2P1C", true, 1, []int{1, 1}, 0, 1, 2, 1, 0, 0},
		{"2P1C", true, 1, []int{2, 1}, 0, 1, 1, 1, 0, 0},
		{"1P2C", true, 1, []int{2}, 0, 2, 1, 1, 0, 0},
		{"1P2C", true, 1, []int{2}, 0, 2, 2, 0, 0, 0},
		{"1P1W1C", true, 1, []int{2}, 1, 1, 1, 1, 0, 0},
		{"2P1C", false, 1, []int{1, 1}, 0, 1, 1, 0, 0, 0},
		{"1P2C", false, 1, []int{1}, 0, 2, 0, 0, 0, 0},
		{"1P2W1C", true, 1, []int{1}, 2, 1, 1, 0, 0, 20_000_000},
		// Too many states: walks, and a part of the search.
		{"1P2C", false, 1, []int{2}, 0, 2, 1, 1, 10_000, 3_000_000},
		{"1P2W1C", true, 1, []int{2}, 2, 1, 2, 1, 10_000, 3_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newChain(c.capacity, c.messages, c.workers, c.consumers)
			l.Kills, l.SweepKills, l.told = c.kills, c.sweepKills, c.told
			if c.workers > 1 {
				l.onlyWorkersDie()
			}
			l.Walks, l.StateLimit = c.walks, c.limit
			t.Parallel()
			f, err := explore.Run(&l.Harness)
			t.Logf("%s, told %v, capacity %d, messages %v, %d kills, %d of the sweep: %v", c.name, c.told, c.capacity, c.messages, c.kills, c.sweepKills, f)
			require.NoError(t, err)
		})
	}
}

// Two producers and two consumers have too many states to search: walks at
// random sample them, and the log says how many steps and states that were.
func TestTwoProducersAndTwoConsumersSampled(t *testing.T) {
	for _, c := range []struct {
		told              bool
		capacity          int
		messages          []int
		kills, sweepKills int
	}{
		{true, 1, []int{1, 1}, 1, 1},
		{true, 2, []int{2, 1}, 2, 1},
		{false, 1, []int{1, 1}, 1, 0},
		{false, 2, []int{2, 2}, 2, 1},
	} {
		t.Run("", func(t *testing.T) {
			l := newChain(c.capacity, c.messages, 0, 2)
			l.Kills, l.SweepKills, l.told = c.kills, c.sweepKills, c.told
			l.Walks, l.StateLimit = 20_000, 500_000
			t.Parallel()
			f, err := explore.Run(&l.Harness)
			t.Logf("2P2C, told %v, capacity %d, messages %v, %d kills, %d of the sweep: %v", c.told, c.capacity, c.messages, c.kills, c.sweepKills, f)
			require.NoError(t, err)
		})
	}
}

// A process that waits until all is done beside producers, consumers and deaths.
// The second has 152,572,296 states without its limit, and was searched whole once.
func TestJoinUnderAllInterleavings(t *testing.T) {
	for _, c := range []struct {
		name         string
		capacity     int
		messages     []int
		consumers    int
		kills        int
		walks, limit int
	}{
		{"1P1C1J", 1, []int{2}, 1, 0, 0, 0},
		{"1P1C1J", 1, []int{1}, 1, 1, 5000, 6_000_000},
		{"1P1C1J", 2, []int{2}, 1, 1, 5000, 4_000_000},
		{"1P2C1J", 1, []int{2}, 2, 1, 5000, 3_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newJoinedChain(c.capacity, c.messages, 0, c.consumers, 1)
			l.Kills, l.Walks, l.StateLimit = c.kills, c.walks, c.limit
			t.Parallel()
			f, err := explore.Run(&l.Harness)
			t.Logf("%s, capacity %d, messages %v, %d kills: %v", c.name, c.capacity, c.messages, c.kills, f)
			require.NoError(t, err)
		})
	}
}

// Each of these bugs is known to be one; a search that does not find it checks
// nothing.
func TestSeededBugsAreFound(t *testing.T) {
	bounded := func(kills, sweeps int, messages ...int) *chain {
		l := newChain(1, messages, 0, 1)
		l.Kills, l.SweepKills = kills, sweeps
		return l
	}
	for _, c := range []struct {
		name string
		l    *chain
		bug  func(l *chain)
		find string
	}{
		{"no look after parking", bounded(0, 0, 2), func(l *chain) { l.noRecheck = true }, "stuck"},
		{"no wake after commit", bounded(0, 0, 2), func(l *chain) { l.noWake = true }, "stuck"},
		{"no wake-all after a death", bounded(1, 0, 2), func(l *chain) { l.noWakeAll = true }, "stuck"},
		{"after a death only the parked are woken", bounded(1, 0, 2), func(l *chain) { l.onlyParked = true }, "stuck"},
		{"after a death bells are rung like any", bounded(1, 0, 2), func(l *chain) { l.notRoused = true }, "stuck"},
		{"no baton", quota(), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && strings.HasSuffix(s.Word, "items") && s.In("(*Seat).baton")
			}
		}, "stuck"},
		{"no help past a lap ahead", bounded(1, 0, 1, 1), func(l *chain) {
			l.told, l.Walks = true, -1
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.CompareAndSwap && s.Word == "ring.tail" && state(s.Last).lap() > s.A && s.In("(*Bounded).Claim")
			}
		}, "cycle"},
		{"given back before the record is void", bounded(1, 1, 2), func(l *chain) { l.told, l.returnFirst = true, true }, "again"},
		{"the record is not made void", bounded(1, 0, 2), func(l *chain) {
			l.told = true
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Store && s.In("(*Bounded).SweepInput")
			}
		}, "again"},
		{"the end is seen beside an item in another's hand", pair(0), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && strings.HasPrefix(s.Word, "ring.w") && s.In("(*Bounded).Quiet")
			}
		}, "the end is seen"},
		{"the end is seen while an item moves", pair(1), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && s.Word == "ring.hint" && s.In("(*Bounded).Quiet")
			}
		}, "the end is seen"},
		{"the end is seen while an item waits to come again", pair(1), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && strings.HasPrefix(s.Word, "ring.cell") && s.In("(*Bounded).Quiet")
			}
		}, "the end is seen"},
		{"an item that comes again is for its seat only", pair(1), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 1, s.Kind == seam.CompareAndSwap && s.Word == "ring.hint" && s.In("(*Bounded).hint")
			}
		}, "stuck"},
		{"nobody tells who waits until all is done", waiting(0), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && strings.HasSuffix(s.Word, "joins") && s.In("(*Seat).Free")
			}
		}, "stuck"},
		{"a join does not see that an item moved", waiting(1), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && s.Word == "ring.hint" && (s.In("(*Join).Done") || s.In("(*Join).begin"))
			}
		}, "not done"},
		{"a join looks at slots only", waiting(0), func(l *chain) {
			l.Fault = func(s explore.Step) (uint64, bool) {
				return 0, s.Kind == seam.Load && strings.HasPrefix(s.Word, "ring.w") && s.In("(*Join).begin")
			}
		}, "not done"},
		{"places are skipped before results are settled", stage(1, 1, 1), func(l *chain) { l.told, l.skipFirst = true, true }, "lost"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.bug(c.l)
			c.l.StateLimit = 3_000_000
			f, err := explore.Run(&c.l.Harness)
			t.Logf("%s: %v", c.name, f)
			require.ErrorContains(t, err, c.find)
			var v *explore.Violation
			require.ErrorAs(t, err, &v)
		})
	}
}

// pair is a producer and two consumers.
func pair(kills int) *chain {
	l := newChain(1, []int{1}, 0, 2)
	l.Kills, l.Walks = kills, 30_000
	return l
}

// waiting is a producer, a consumer, and one who waits until all is done.
func waiting(kills int) *chain {
	l := newJoinedChain(1, []int{1}, 0, 1, 1)
	l.Kills, l.Walks = kills, 5000
	return l
}

// quota is a producer of two messages and two consumers that want one each.
func quota() *chain {
	l := newChain(2, []int{2}, 0, 2)
	l.open, l.Walks = true, 20_000
	for _, i := range l.consumers {
		l.Processes[i].From[1] = 1
	}
	return l
}

// stage is one worker between a producer and a consumer that do not die.
func stage(messages, kills, sweeps int) *chain {
	l := newChain(1, []int{messages}, 1, 1)
	l.Kills, l.SweepKills = kills, sweeps
	l.onlyWorkersDie()
	return l
}
