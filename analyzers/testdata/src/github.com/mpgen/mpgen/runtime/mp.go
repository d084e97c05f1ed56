// Package mp has the names of the runtime that the analyzers know.
package mp

import (
	"context"
	"iter"
)

func Main() {}

type Run struct{}

func (*Run) Wait() error { return nil }

type Receiver[T any] struct{}

func (*Receiver[T]) All(ctx context.Context) iter.Seq2[T, error]  { return nil }
func (*Receiver[T]) Receive(ctx context.Context) (v T, err error) { return v, nil }

type Sender[T any] struct{}

func (*Sender[T]) Send(ctx context.Context, v T) error { return nil }

type Number[T any] struct{}

func (*Number[T]) Load() (v T)     { return v }
func (*Number[T]) Store(v T)       {}
func (*Number[T]) Add(v T) (new T) { return v }

type Lock struct{}

func (*Lock) Lock(ctx context.Context) error   { return nil }
func (*Lock) TryLock() error                   { return nil }
func (*Lock) Unlock()                          {}
func (*Lock) Repair(ctx context.Context) error { return nil }

type RLock struct{}

func (*RLock) Lock(ctx context.Context) (context.Context, error) { return ctx, nil }
func (*RLock) Unlock()                                           {}

// Block is lent memory.
type Block struct{}

func (Block) Bytes() []byte { return nil }
func (Block) Keep() error   { return nil }
func (Block) Copy() []byte  { return nil }
func (Block) Release()      {}

func Progress[In, Out any](results iter.Seq2[In, Out], name string, total int) iter.Seq2[In, Out] {
	return results
}

type Node struct{}

type Process struct{}

type Decl any

type QueueDecl[T any] struct{ Name string }

func (*QueueDecl[T]) Receiver(n *Node) *Receiver[T] { return nil }

type ProcessDecl struct {
	Name             string
	OnDemand, Daemon bool
	Send             []Decl
}

type PoolDecl[In, Out any] struct {
	Name string
	From *QueueDecl[In]
	Send []Decl
}
