// Package main is the Go code of a wrong pipeline.
package main

import "context"

func scan(context.Context, *ScanPorts) error { return nil }

type Job struct{}

var (
	mpDone int
	_      = mpDone
)

type Thing struct{}

func work(context.Context, *WorkPorts) error { return nil }

func main() { _ = Job{} }
