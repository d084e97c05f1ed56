//go:build !linux

package mp

import "os"

func terminal(f *os.File) bool { return false }
