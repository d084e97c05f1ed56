// Package main has functions that are not what main.mp says.
package main

import (
	"context"
	. "image"
	"os"
	"time"

	run "github.com/mpgen/mpgen/runtime"
)

type When = time.Time

type Level int

func scan(ctx context.Context, root string) error { return nil }

func walk(ctx context.Context, p *WalkPorts, root []byte) error { return nil }

func resize(job Job) (Thumb, error) { return Thumb{}, nil }

func blur(ctx context.Context, job Job, radius int) Thumb { return Thumb{} }

func sum(ctx context.Context, a, b int) (total int, err error) { return a + b, nil }

func same(_ context.Context, bytes []uint8, runes []int32, m map[string]*(Job)) (out [1 + two]byte, err error) {
	return out, nil
}

func aliased(ctx context.Context, at When, where Point) (When, error) { return at, nil }

func dead(ctx context.Context, f run.Failed[Job]) error { return nil }

func named(ctx context.Context, level Level) error { return nil }

func lots(ctx context.Context, names ...string) error { return nil }

func generic[T any](ctx context.Context, v T) error { return nil }

var held = func(ctx context.Context, x string) error { return nil }

func openStore(ctx context.Context, path string) (*store, error) { return nil, nil }

func openCache(ctx context.Context) Cache { return nil }

func half(n int) int { return n / 2 }

type store struct{}

func (s *store) Get(ctx context.Context, key string) (string, error) { return "", nil }

type Ctx = context.Context

type Err = error

func relaxed(ctx Ctx, n int) Err { return nil }

func relaxedTo(ctx Ctx, n int) (int, Err) { return n, nil }

func withoutContext(n When) error { return nil }

type bag struct{ n int }

func (b *bag) Add(ctx context.Context, n int) error { b.n += n; return nil }

func (b *bag) Count(ctx context.Context) int { return b.n }

func openBag(ctx context.Context) (*bag, error) { return &bag{}, nil }

type mat struct{}

func (m *mat) Roll(ctx context.Context) error { return nil }

func openMat(ctx context.Context) (mat, error) { return mat{}, nil }

type box struct{ *bag }

func openBox(ctx context.Context) (*box, error) { return nil, nil }

func mode(ctx context.Context, m os.FileMode) error { return nil }

func serve(ctx context.Context, l *os.Process, n int) error { return nil }

const constant, two = 1, 2

type jar struct{ Shut bool }

func openJar(ctx context.Context) (*jar, error) { return nil, nil }

func main() {}
