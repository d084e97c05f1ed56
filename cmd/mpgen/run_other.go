//go:build !unix

package main

import "os"

const exeSuffix = ".exe"

// passedOn are the signals that mpgen outlives while a program runs.
var passedOn = []os.Signal{os.Interrupt}

// fromKeyboard is always true: a console sends its signals to all programs in it.
func fromKeyboard(os.Signal) bool { return true }

// exitCode is the code of a program that ended.
func exitCode(state *os.ProcessState) int { return state.ExitCode() }
