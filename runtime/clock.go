package mp

import "time"

// monotonic is the time of the system's monotonic clock, which all processes
// share, in nanoseconds.
func monotonic() int64 { return clockBase + int64(time.Since(clockStart)) }

var clockStart, clockBase = time.Now(), systemMonotonic()
