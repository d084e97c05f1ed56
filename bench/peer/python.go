package peer

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed scripts/*.py
var scripts embed.FS

// PythonApply makes n calls of Pool.apply, one after another.
func PythonApply(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "apply", n) }

// PythonMap maps a trivial function over n numbers with Pool.map.
func PythonMap(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "map", n) }

// PythonMapOne is [PythonMap] with chunks of one.
func PythonMapOne(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "mapone", n) }

// PythonAdd adds to a multiprocessing.Value under its lock n times.
func PythonAdd(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "add", n) }

// PythonLock takes a multiprocessing.Lock and gives it back n times.
func PythonLock(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "lock", n) }

// PythonDict stores n numbers in the dict of a Manager, from a process of its own.
func PythonDict(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "dict", n) }

// PythonBlock hands 64 MiB of shared memory over n times, there and back by turns.
func PythonBlock(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "block", n) }

// PythonIdle returns the memory of its own that a waiting worker holds, in bytes.
func PythonIdle(ctx context.Context, n int) (time.Duration, error) { return python(ctx, "idle", n) }

// python runs a script, which prints the nanoseconds that it took for its n
// operations. The script is handed over as an argument: so nothing is written
// anywhere, and fork, Python's default on Linux, needs no file to import.
func python(ctx context.Context, script string, n int) (time.Duration, error) {
	path, err := exec.LookPath("python3")
	if err != nil {
		return 0, fmt.Errorf("python3 is not on the PATH: %w", ErrAbsent)
	}
	text, err := scripts.ReadFile("scripts/" + script + ".py")
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, path, "-c", string(text), strconv.Itoa(n))
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("script %q: %w: %s", script, err, bytes.TrimSpace(complaints.Bytes()))
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("script %q printed %q, want nanoseconds", script, out)
	}
	return time.Duration(ns), nil
}
