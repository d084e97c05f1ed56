package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A workshop builds the rows that are whole programs, each once, into a folder
// that its close removes.
type workshop struct {
	dir     string
	built   map[string]string // path of the binary, by package
	outputs map[string][]byte // what a program printed, by what it was asked
	goroot  func() (string, error)
}

func newWorkshop() (*workshop, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	return &workshop{
		dir:     dir,
		built:   map[string]string{},
		outputs: map[string][]byte{},
		goroot:  sync.OnceValues(goroot),
	}, nil
}

func (w *workshop) close() { os.RemoveAll(w.dir) }

// build returns the binary of a main package that this module can reach.
func (w *workshop) build(ctx context.Context, pkg string) (string, error) {
	if path, ok := w.built[pkg]; ok {
		return path, nil
	}
	path := filepath.Join(w.dir, filepath.Base(pkg))
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, pkg).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %q (bench runs in its own folder): %w: %s", pkg, err, bytes.TrimSpace(out))
	}
	w.built[pkg] = path
	return path, nil
}

// counting times a program that counts the words of Go's own sources, from its
// start to its end. Every program must print the same.
func (w *workshop) counting(pkg string) measure {
	return func(ctx context.Context, n int) (took time.Duration, err error) {
		path, err := w.build(ctx, pkg)
		if err != nil {
			return 0, err
		}
		root, err := w.goroot()
		if err != nil {
			return 0, err
		}
		for range n {
			cmd := exec.CommandContext(ctx, path, root)
			cmd.Stderr = os.Stderr
			start := time.Now()
			out, err := cmd.Output()
			took += time.Since(start)
			if err != nil {
				return 0, err
			}
			if err := w.same("wordcount", out); err != nil {
				return 0, err
			}
		}
		return took, nil
	}
}

// further asks the start command for what n further workers, or processes that stand
// by, took on one side.
func (w *workshop) further(side string) measure {
	return func(ctx context.Context, n int) (time.Duration, error) {
		path, err := w.build(ctx, "github.com/mpgen/mpgen/bench/start")
		if err != nil {
			return 0, err
		}
		cmd := exec.CommandContext(ctx, path, side, strconv.Itoa(n))
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(string(bytes.TrimSpace(out)), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("start printed %q, want nanoseconds", out)
		}
		return time.Duration(ns), nil
	}
}

// same says whether out is what the first program printed for the same question.
func (w *workshop) same(question string, out []byte) error {
	first, ok := w.outputs[question]
	if !ok {
		w.outputs[question] = out
		return nil
	}
	if !bytes.Equal(first, out) {
		return fmt.Errorf("the program printed\n%s\nwant, as the first one printed\n%s", out, first)
	}
	return nil
}

// goroot is the folder of Go's sources, with symbolic links followed: the
// programs follow none.
func goroot() (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("ask go for its folder: %w", err)
	}
	return filepath.EvalSymlinks(filepath.Join(strings.TrimSpace(string(out)), "src"))
}
