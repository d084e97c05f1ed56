package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/mpgen/mpgen/bench/peer"
)

// runLimit ends a run that hangs, so that one broken row does not cost the others.
const runLimit = 2 * time.Minute

// measure does n operations and returns the time that they took, without what
// comes before the first and after the last. What is measured in bytes is told as a
// time of as many nanoseconds.
type measure func(ctx context.Context, n int) (time.Duration, error)

// A row compares one thing done with mpgen with the same thing done otherwise.
type row struct {
	name     string
	unit     unit
	peerName string
	n        int // operations of one run
	ours     measure
	peer     measure
}

// A unit says how the time of n operations is told, and which way is better.
type unit struct {
	name  string
	scale time.Duration // what one operation's time is divided by, if it is a time
	rate  bool          // millions of operations a second: higher is better
}

var (
	perSecond = unit{name: "M/s", rate: true}
	nanos     = unit{name: "ns", scale: time.Nanosecond}
	micros    = unit{name: "us", scale: time.Microsecond}
	millis    = unit{name: "ms", scale: time.Millisecond}
	mebibytes = unit{name: "MiB", scale: 1 << 20}
)

func (u unit) of(n int, took time.Duration) float64 {
	if u.rate {
		return float64(n) / took.Seconds() / 1e6
	}
	return float64(took) / float64(n) / float64(u.scale)
}

// better is how many times better ours is than the peer's, by the unit's direction.
func (u unit) better(ours, peer float64) float64 {
	if u.rate {
		return ours / peer
	}
	return peer / ours
}

// A result is what a row came to: two medians and their ratio.
type result struct {
	Name     string  `json:"name"`
	Ours     float64 `json:"ours"`
	Peer     float64 `json:"peer"`
	PeerName string  `json:"peer_name"`
	Unit     string  `json:"unit"`
	Ratio    float64 `json:"ratio"`
	Runs     int     `json:"runs"`
}

// A plan says how thoroughly the rows are measured.
type plan struct {
	runs  int
	quick bool
}

// measure takes the rows in turn and tells on standard error how it goes. A row
// whose peer is not to be had here is left out; failed says that one was left
// out because a side broke.
func (p plan) measure(ctx context.Context, rows []row) (results []result, failed bool) {
	results = []result{}
	for _, r := range rows {
		if ctx.Err() != nil {
			fmt.Fprintln(os.Stderr, "interrupted")
			return results, true
		}
		res, err := p.row(ctx, r)
		switch {
		case errors.Is(err, peer.ErrAbsent):
			fmt.Fprintf(os.Stderr, "%s: left out: %v\n", r.name, err)
		case err != nil:
			fmt.Fprintf(os.Stderr, "%s: %v\n", r.name, err)
			failed = true
		default:
			results = append(results, res)
		}
	}
	return results, failed
}

func (p plan) row(ctx context.Context, r row) (result, error) {
	n := r.n
	if p.quick {
		n = max(n/10, 1)
	}
	once := func(side string, m measure, n int, warm bool) (float64, error) {
		ctx, cancel := context.WithTimeout(ctx, runLimit)
		defer cancel()
		took, err := m(ctx, n)
		if err == nil && took <= 0 && !warm { // a difference of two times may be, while the first of them warms up
			err = fmt.Errorf("%d operations took %v, want more than nothing", n, took)
		}
		if err != nil {
			return 0, fmt.Errorf("%s: %w", side, err)
		}
		return r.unit.of(n, took), nil
	}

	var ours, theirs []float64
	for i := range p.runs + 1 {
		warm := i == 0 // page cache, binaries and both sides' code are read the first time
		size := n
		if warm {
			size = max(n/10, 1)
		}
		a, err := once("mpgen", r.ours, size, warm)
		if err != nil {
			return result{}, err
		}
		b, err := once(r.peerName, r.peer, size, warm)
		if err != nil {
			return result{}, err
		}
		if warm {
			continue
		}
		ours, theirs = append(ours, a), append(theirs, b)
		fmt.Fprintf(os.Stderr, "%s %d/%d: %s and %s %s\n", r.name, i, p.runs, figure(a), figure(b), r.unit.name)
	}
	res := result{
		Name: r.name, PeerName: r.peerName, Unit: r.unit.name, Runs: p.runs,
		Ours: median(ours), Peer: median(theirs),
	}
	res.Ratio = r.unit.better(res.Ours, res.Peer)
	return res, nil
}

// median of an even number of figures is the mean of the two in the middle.
func median(figures []float64) float64 {
	s := slices.Sorted(slices.Values(figures))
	mid := len(s) / 2
	if len(s)%2 == 1 {
		return s[mid]
	}
	return (s[mid-1] + s[mid]) / 2
}
