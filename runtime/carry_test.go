package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// marshaled are pools, a service and a dict whose codec does what its order says, as a
// marshaler of the user's may: inner, front and shelf are called by the program, and by
// the worker of outer.
var marshaled = func() (s struct {
	pipeline     *Pipeline
	inner, outer *PoolDecl[order, order]
	front        *ServiceDecl[struct{}]
	shelf        *DictDecl[string, order]
}) {
	codec := Coded(func(e *Encoder, o order) {
		linger(o, "encode")
		e.String(o.how)
		e.String(o.file)
	}, func(d *Decoder) order {
		o := order{d.String(), d.String()}
		linger(o, "decode")
		return o
	})
	// Each side has a codec that acts in the caller only.
	in := Coded(codec.Encode, func(d *Decoder) order { return order{d.String(), d.String()} })
	out := Coded(func(e *Encoder, o order) { e.String(o.how); e.String(o.file) }, codec.Decode)
	quiet := Coded(out.Encode, in.Decode)
	same := func(_ context.Context, o order) (order, error) { return o, nil }
	s.inner = &PoolDecl[order, order]{Name: "inner", Workers: 2, In: in, Out: out, Func: same}
	s.front = &ServiceDecl[struct{}]{Name: "front", Workers: 2, Methods: []Method[struct{}]{
		{Name: "same", Call: func(_ context.Context, _ struct{}, d *Decoder, e *Encoder) error {
			quiet.put(e, quiet.get(d))
			return nil
		}},
	}, Open: func(context.Context, *Node, *Decoder) (struct{}, error) { return struct{}{}, nil }}
	s.shelf = &DictDecl[string, order]{Name: "shelf", Key: String, Elem: codec}
	s.outer = &PoolDecl[order, order]{Name: "outer", Concurrent: 4, In: quiet, Out: quiet, Uses: []Decl{s.inner, s.front, s.shelf}}
	s.outer.Open = func(n *Node) func(context.Context, order) (order, error) {
		calls := marshaledCalls(n, s.inner, s.front, s.shelf, in, out)
		return func(ctx context.Context, o order) (order, error) {
			way, how, _ := strings.Cut(o.how, ": ")
			return calls[way](ctx, order{how, o.file})
		}
	}
	s.pipeline = &Pipeline{Path: "mp.test/marshaled", Source: "marshaled.mp", Decls: []Decl{s.inner, s.front, s.shelf, s.outer}}
	Register(s.pipeline)
	return s
}()

// linger is what a marshaler does.
func linger(o order, when string) {
	switch o.how {
	case when + " late":
		if err := os.WriteFile(o.file+".begun", nil, 0o600); err != nil {
			panic(err)
		}
		for _, err := os.Stat(o.file); errors.Is(err, os.ErrNotExist); _, err = os.Stat(o.file) {
			time.Sleep(100 * time.Microsecond)
		}
	case when + " panic":
		panic("a marshaler that fails")
	}
}

// marshaledCalls are the ways to call, as a process has them.
func marshaledCalls(n *Node, inner *PoolDecl[order, order], front *ServiceDecl[struct{}], shelf *DictDecl[string, order], in, out Codec[order]) map[string]func(context.Context, order) (order, error) {
	pool, client, dict := inner.Pool(n), front.Client(n), shelf.In(n)
	return map[string]func(context.Context, order) (order, error){
		"call": pool.Call,
		"go":   func(ctx context.Context, o order) (order, error) { return pool.Go(ctx, o).Wait(ctx) },
		"map": func(ctx context.Context, o order) (got order, err error) {
			for got, err = range pool.Map(ctx, func(yield func(order) bool) { yield(o) }) {
			}
			return got, err
		},
		"client": func(ctx context.Context, o order) (got order, err error) {
			err = client.Call(ctx, 0, func(e *Encoder) { in.put(e, o) }, func(d *Decoder) { got = out.get(d) })
			return got, err
		},
		"dict": func(ctx context.Context, o order) (got order, err error) {
			if err = dict.Store(ctx, o.file, o); err == nil {
				got, _, err = dict.Load(ctx, o.file)
			}
			return got, err
		},
	}
}

func TestMarshalerHoldsUpItsOwnCallOnly(t *testing.T) {
	for _, engine := range []string{"processes", "goroutines"} {
		if engine == "processes" && !proc.Supported {
			continue
		}
		t.Setenv(EngineVariable, engine)
		_, n := begin(t, marshaled.pipeline)
		outer := marshaled.outer.Pool(n)
		here := marshaledCalls(n, marshaled.inner, marshaled.front, marshaled.shelf, marshaled.inner.In, marshaled.inner.Out)
		there := map[string]func(context.Context, order) (order, error){}
		for way := range here {
			there[way] = func(ctx context.Context, o order) (order, error) {
				got, err := outer.Call(ctx, order{way + ": " + o.how, o.file})
				return got, err
			}
		}
		for way := range here {
			for place, calls := range map[string]map[string]func(context.Context, order) (order, error){"here": here, "there": there} {
				for _, when := range []string{"encode", "decode"} {
					t.Run(fmt.Sprint(engine, "/", way, "/", place, "/", when), func(t *testing.T) {
						held := detained{file: t.TempDir() + "/go on"}
						done := make(chan error, 1)
						go func() {
							_, err := calls[way](limited(t), order{when + " late", held.file})
							done <- err
						}()
						until(t, "the marshaler runs", held.begun)
						others := make(chan error, 3*len(here))
						go func() {
							for range 3 {
								for other := range here {
									_, err := calls[other](limited(t), order{how: "return"})
									others <- err
								}
							}
						}()
						for range cap(others) {
							select {
							case err := <-others:
								require.NoError(t, err)
							case <-limited(t).Done():
								held.let(t)
								<-done
								require.Fail(t, "other calls wait for the marshaler")
							}
						}
						held.let(t)
						require.NoError(t, <-done)

						_, err := calls[way](limited(t), order{how: when + " panic"})
						require.ErrorContains(t, err, "panic: a marshaler that fails (in github.com/mpgen/mpgen/runtime.linger, carry_test.go:")
						if place == "here" && way != "dict" {
							var e *Error
							require.ErrorAs(t, err, &e)
							require.NotZero(t, e.Task)
							require.Equal(t, when == "decode", e.Attempts == 1)
							require.Equal(t, when == "decode" && engine == "processes", e.PID != 0)
						}
					})
				}
			}
		}
	}
}

// TestTaskIsDecodedOnce lets several goroutines wait for one task.
func TestTaskIsDecodedOnce(t *testing.T) {
	_, n := begin(t, marshaled.pipeline)
	pool := marshaled.inner.Pool(n)
	task := pool.Go(limited(t), order{how: "return", file: "f"})
	ends := make(chan error, 8)
	for range cap(ends) {
		go func() {
			got, err := task.Wait(limited(t))
			if err == nil && got != (order{"return", "f"}) {
				err = fmt.Errorf("got %v", got)
			}
			ends <- err
		}()
	}
	for range cap(ends) {
		require.NoError(t, <-ends)
	}
}

// The context of a task may end while its arguments are encoded, on the caller's goroutine.
// Another one then gives it up.
func TestTaskIsGivenUpWhileItIsEncoded(t *testing.T) {
	t.Setenv(EngineVariable, "goroutines")
	_, n := begin(t, marshaled.pipeline)
	pool := marshaled.inner.Pool(n)
	for range 20 {
		held := detained{file: t.TempDir() + "/go on"}
		ctx, cancel := context.WithCancelCause(limited(t))
		tasks := make(chan *Task[order], 1)
		go func() { tasks <- pool.Go(ctx, order{"encode late", held.file}) }()
		until(t, "the marshaler runs", held.begun)
		cancel(errActed)
		held.let(t)
		_, err := (<-tasks).Wait(limited(t))
		require.ErrorIs(t, err, errActed)
	}
}
