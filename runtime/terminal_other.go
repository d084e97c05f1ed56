//go:build !linux

package mp

import (
	"os"
	"runtime"
)

// terminal reports whether f is one that can draw a line anew, or another device
// that does not mind being taken for one.
func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && runtime.GOOS != "windows"
}

func widthOf(*os.File) int { return defaultColumns }
