package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
)

func TestMain(m *testing.M) {
	if os.Getenv(bare) != "" {
		main()
		return
	}
	mp.Main()
	os.Exit(m.Run())
}

func TestBothSidesTellWhenTheLastOneBegan(t *testing.T) {
	for name, side := range map[string]func(int) (time.Duration, error){"ours": workers, "peer": processes} {
		t.Run(name, func(t *testing.T) {
			took, err := side(3)
			require.NoError(t, err)
			require.Positive(t, took)
		})
	}
}

func TestOneAloneIsTimed(t *testing.T) {
	for _, side := range []string{"warm", "alone"} {
		took, err := start([]string{side, "2"})
		require.NoError(t, err)
		require.Positive(t, took, side)
	}
}

func TestAWrongCommandLineIsRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"ours"}, {"theirs", "1"}, {"ours", "some"}} {
		_, err := start(args)
		require.Error(t, err, "%q", args)
	}
}
