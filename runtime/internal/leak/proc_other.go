//go:build !linux

package leak

// Elsewhere there are no processes of a run, and only goroutines are seen.

func self() int    { return 0 }
func startPoller() {}

// Descriptors returns nil.
func Descriptors() []string { return nil }

// MemoryFiles returns 0.
func MemoryFiles() int { return 0 }

// Children returns nil.
func Children(int) []int { return nil }

// Stat returns nothing.
func Stat(int) (name string, rest []string) { return "", nil }

// Stopped returns false.
func Stopped(int) bool { return false }

// Alive returns false.
func Alive(int) bool { return false }
