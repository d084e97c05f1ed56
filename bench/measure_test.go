package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/bench/peer"
)

// takes is a side whose runs take the given times per operation in turn; the
// first is the warm-up's.
func takes(log *[]string, side string, each ...time.Duration) measure {
	run := 0
	return func(_ context.Context, n int) (time.Duration, error) {
		took := each[run] * time.Duration(n)
		run++
		*log = append(*log, fmt.Sprintf("%s %d", side, n))
		return took, nil
	}
}

func TestSidesTakeTurnsAfterAWarmUpOfATenth(t *testing.T) {
	var log []string
	rows := []row{{"r", micros, "them", 100,
		takes(&log, "ours", 9*time.Hour, 2*time.Microsecond, 4*time.Microsecond),
		takes(&log, "peer", 9*time.Hour, 8*time.Microsecond, 10*time.Microsecond)}}
	results, failed := plan{runs: 2}.measure(t.Context(), rows)
	require.False(t, failed)
	require.Equal(t, []string{"ours 10", "peer 10", "ours 100", "peer 100", "ours 100", "peer 100"}, log)
	require.Equal(t, []result{{Name: "r", Ours: 3, Peer: 9, PeerName: "them", Unit: "us", Ratio: 3, Runs: 2}}, results)
}

func TestARatioSaysHowManyTimesBetter(t *testing.T) {
	require.Equal(t, 4.0, micros.better(2, 8), "a quarter of the time")
	require.Equal(t, 4.0, perSecond.better(8, 2), "four times the rate")
	require.Equal(t, 20.0, perSecond.of(4_000_000, 200*time.Millisecond))
	require.Equal(t, 50.0, micros.of(1000, 50*time.Millisecond))
}

func TestOneSlowRunDoesNotMoveTheMedian(t *testing.T) {
	require.Equal(t, 3.0, median([]float64{1, 3, 900}))
	require.Equal(t, 2.5, median([]float64{900, 2, 3, 1}))
}

func TestABrokenRowDoesNotCostTheOthers(t *testing.T) {
	var log []string
	fails := func(err error) measure {
		return func(context.Context, int) (time.Duration, error) { return 0, err }
	}
	rows := []row{
		{"absent", nanos, "them", 1, takes(&log, "ours", 1, 1), fails(fmt.Errorf("no snake: %w", peer.ErrAbsent))},
		{"good", nanos, "them", 1, takes(&log, "ours", 1, 1), takes(&log, "peer", 1, 1)},
	}
	results, failed := plan{runs: 1}.measure(t.Context(), rows)
	require.False(t, failed, "a peer that is not there is no failure")
	require.Len(t, results, 1)

	rows = []row{{"broken", nanos, "them", 1, fails(errors.New("split")), takes(&log, "peer", 1)}}
	results, failed = plan{runs: 1}.measure(t.Context(), rows)
	require.True(t, failed)
	require.Empty(t, results)

	rows = []row{{"idle", nanos, "them", 1, fails(nil), takes(&log, "peer", 1)}}
	_, failed = plan{runs: 1}.measure(t.Context(), rows)
	require.True(t, failed, "no time at all is no measurement")
}

func TestNoResultsAreAnEmptyArray(t *testing.T) {
	results, _ := plan{runs: 1}.measure(t.Context(), nil)
	var out bytes.Buffer
	require.NoError(t, writeJSON(&out, results))
	require.Equal(t, "[]\n", out.String())
}

func TestJSONHasTheNamesThatReadersExpect(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, writeJSON(&out, []result{{Name: "r", Ours: 1, Peer: 2, PeerName: "them", Unit: "us", Ratio: 2, Runs: 5}}))
	var read []map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &read))
	require.Equal(t, []map[string]any{{
		"name": "r", "ours": 1.0, "peer": 2.0, "peer_name": "them", "unit": "us", "ratio": 2.0, "runs": 5.0,
	}}, read)
}

func TestRowsAreChosenByName(t *testing.T) {
	all := []row{{name: "a"}, {name: "b"}, {name: "c"}}
	chosen, err := choose(all, "c, a")
	require.NoError(t, err)
	require.Equal(t, []row{{name: "a"}, {name: "c"}}, chosen)
	_, err = choose(all, "a,d")
	require.EqualError(t, err, `no row is named "d"; there are a, b, c`)
}
