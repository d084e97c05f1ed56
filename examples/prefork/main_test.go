package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
	"github.com/mpgen/mpgen/runtime/mptest"
)

func TestMain(m *testing.M) {
	mptest.Main(m)
}

// TestACrashCostsTheConnectionInHand asks from eight sides at once, and lets a
// process crash every now and then: every question is answered but those that crash.
func TestACrashCostsTheConnectionInHand(t *testing.T) {
	listener, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	defer listener.Close()
	mptest.NoneLeft(t)
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	run, err := Start(t.Context(), Args{ServeSocket: socket}, mp.NoSignals())
	require.NoError(t, err)
	defer run.Close()
	socket.Close() // the run has its own

	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(path string) (string, error) {
		res, err := client.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return string(text), err
	}

	const sides, questions, crashes = 8, 60, 6
	var asking sync.WaitGroup
	var mu sync.Mutex
	answered := map[string]int{}
	failed := make(chan error, sides*questions)
	for side := range sides {
		asking.Go(func() {
			for i := range questions {
				if side == 0 && i%(questions/crashes) == 5 {
					if text, err := ask("/crash"); err == nil {
						failed <- fmt.Errorf("a crash answered %q", text)
					}
					continue
				}
				text, err := ask("/")
				if err != nil {
					failed <- err
					continue
				}
				who, _, _ := strings.Cut(text, ",")
				mu.Lock()
				answered[who]++
				mu.Unlock()
			}
		})
	}
	asking.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	total := 0
	for _, n := range answered {
		total += n
	}
	require.Equal(t, sides*questions-crashes, total)
	require.EqualValues(t, total, run.Served.Load())
	require.GreaterOrEqual(t, len(answered), 2, "one process answered everything: %v", answered)
	mptest.Eventually(t, "all that crashed are started again", func() bool {
		return run.Stats().Processes["serve"].Restarts == crashes
	})
	require.NoError(t, run.Close())
}
