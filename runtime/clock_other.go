//go:build !linux

package mp

// systemMonotonic is asked only where processes share a clock.
func systemMonotonic() int64 { return 0 }
