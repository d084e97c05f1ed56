package main

import (
	"os"
	"testing"

	mp "github.com/mpgen/mpgen/runtime"
)

func TestMain(m *testing.M) {
	code := m.Run() // want `testing.M.Run stands before mp.Main`
	mp.Main()
	os.Exit(code)
}
