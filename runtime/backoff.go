package mp

import (
	"math/rand/v2"
	"time"
)

const (
	defaultBackoff = 100 * time.Millisecond
	maxBackoff     = 15 * time.Second
)

// backoffOf is the pause before attempt n+1: base, doubled each time, 15 s at most.
func backoffOf(base time.Duration, n int) time.Duration {
	if base <= 0 {
		base = defaultBackoff
	}
	for range min(n-1, 16) {
		if base *= 2; base > maxBackoff {
			return maxBackoff
		}
	}
	return min(base, maxBackoff)
}

// scattered keeps what failed together from starting together.
func scattered(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
