// Package mp is as much of the runtime as a pipeline of types needs to compile, so that the tests of the command depend
// on no other module.
package mp

import "context"

const (
	MinVersion = 1
	MaxVersion = 1
)

type (
	EnforceVersion uint
	Option         func()
	Run            struct{}
	Table          struct{}
	Pipeline       struct{ Path, Source string }
)

func Register(*Pipeline) {}

func Start(context.Context, *Pipeline, []Option) (*Run, *Table, error) { return &Run{}, nil, nil }
