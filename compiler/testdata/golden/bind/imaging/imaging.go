// Package imaging knows nothing of mpgen.
package imaging

import (
	"context"
	"errors"
	"image"
)

// Job is a picture to shrink.
type Job struct {
	Path string
	Size image.Point
}

// Thumb is a shrunk picture.
type Thumb struct {
	Path string
	Pix  []byte
}

// Resize shrinks a picture. It takes no context and can't fail.
func Resize(job Job) Thumb {
	return Thumb{Path: job.Path, Pix: make([]byte, job.Size.X*job.Size.Y)}
}

// Blur may fail.
func Blur(ctx context.Context, pix []byte, radius float64) ([]byte, error) {
	if radius < 0 {
		return nil, errors.New("negative radius")
	}
	return append(pix, byte(radius)), ctx.Err()
}

// Total is variadic.
func Total(start int, more ...int) int {
	for _, n := range more {
		start += n
	}
	return start
}

var forgotten []string

// Forget returns nothing at all.
func Forget(name string) { forgotten = append(forgotten, name) }

// Album has the methods of a service, and more.
type Album struct {
	title string
	n     int
}

// Open returns a type of its own, and no error.
func Open(ctx context.Context, title string) *Album { return &Album{title: title} }

// Add counts a picture.
func (a *Album) Add(ctx context.Context, t Thumb) (int, error) {
	a.n++
	return a.n, nil
}

// Title is what the album was opened with.
func (a *Album) Title(ctx context.Context) (string, error) { return a.title, nil }

// Len is not asked for.
func (a *Album) Len() int { return a.n }
