// Package pdf is a library; that it uses processes is its own business, but for
// one line: programs that import it call mp.Main, or Open says so.
package pdf

import (
	"context"

	"github.com/mpgen/mpgen/compiler/testdata/golden/two/pdf/internal/pool"
)

// Reader reads texts in processes of its own.
type Reader struct{ run *pool.Run }

// Open starts them.
func Open(ctx context.Context) (*Reader, error) {
	run, err := pool.Start(ctx)
	if err != nil {
		return nil, err
	}
	return &Reader{run}, nil
}

// Text reads one.
func (r *Reader) Text(ctx context.Context, path string) (string, error) {
	return r.run.Text.Call(ctx, path)
}

// Close ends them.
func (r *Reader) Close() error { return r.run.Close() }
