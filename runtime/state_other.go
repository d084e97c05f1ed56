//go:build !linux

package mp

func kernelState(int) string { return "" }
