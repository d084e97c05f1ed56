package mp

import (
	"math/bits"
	"time"
)

// sampled is of how many called tasks one is measured.
const sampled = 64

// histogram counts durations by powers of two of microseconds.
type histogram struct {
	counts  [40]uint64
	longest time.Duration
}

func (h *histogram) add(d time.Duration) {
	us := uint64(max(0, d-1) / time.Microsecond)
	h.counts[min(bits.Len64(us), len(h.counts)-1)]++
	h.longest = max(h.longest, d)
}

func (h *histogram) latency() (l Latency) {
	for _, n := range h.counts {
		l.Measured += n
	}
	l.Median, l.P90, l.P99, l.Longest = h.quantile(50, l.Measured), h.quantile(90, l.Measured), h.quantile(99, l.Measured), h.longest
	return l
}

// quantile is the upper end of the class in which a percentage of all is reached.
func (h *histogram) quantile(percent, all uint64) time.Duration {
	sum := uint64(0)
	for i, n := range h.counts {
		if sum += n; sum > 0 && sum*100 >= all*percent {
			return time.Microsecond << i
		}
	}
	return 0
}
