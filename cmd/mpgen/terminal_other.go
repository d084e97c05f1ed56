//go:build !unix

package main

import "os"

// terminal reports whether a file is one, or another device that does not mind being taken for one.
func terminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
