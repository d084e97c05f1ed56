//go:build !(linux && amd64) || explore

// Package killstep is for tests, on linux/amd64.
package killstep
