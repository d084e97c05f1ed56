//go:build !explore

package seam

// Exploring says whether the explorer schedules.
const Exploring = false
