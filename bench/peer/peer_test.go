package peer

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	Main()
	os.Exit(m.Run())
}

func TestEachPeerDoesItsWorkAndTellsHowLongItTook(t *testing.T) {
	for name, run := range map[string]func(context.Context, int) (time.Duration, error){
		"channel":      Channel,
		"text channel": TextChannel,
		"ring":         Ring,
		"ring batch":   RingBatch,
		"ring pair":    RingPair,
		"futex pair":   FutexPair,
		"plugin rpc":   PluginRPC,
		"plugin grpc":  PluginGRPC,
		"python apply": PythonApply,
		"python map":   PythonMap,
		"python add":   PythonAdd,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			took, err := run(t.Context(), 3000)
			if errors.Is(err, ErrAbsent) {
				t.Logf("left out: %v", err)
				return
			}
			require.NoError(t, err)
			require.Positive(t, took)
			require.Less(t, took, time.Since(start), "no more than the whole run")
		})
	}
}

func TestASumThatLacksAnItemIsAnError(t *testing.T) {
	require.NoError(t, CheckSum(4, 0+1+2+3))
	require.EqualError(t, CheckSum(4, 0+1+3), "the numbers of 4 items add up to 4, want 6")
}

func TestAScriptThatFailsSaysWhy(t *testing.T) {
	_, err := python(t.Context(), "add", -1)
	if errors.Is(err, ErrAbsent) {
		t.Logf("left out: %v", err)
		return
	}
	require.ErrorContains(t, err, "the number is 0, want -1")
}
