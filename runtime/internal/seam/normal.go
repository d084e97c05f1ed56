//go:build !explore

package seam

// Exploring reports whether the explorer schedules.
const Exploring = false
