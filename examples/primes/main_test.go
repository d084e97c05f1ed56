package main

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/mptest"
)

func TestMain(m *testing.M) { mptest.Main(m) }

func TestANumberThatNeverEndsCostsOnlyItself(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs processes")
	}
	got := mptest.Stage(t, &mpLeast, []int{91, 1, 97})
	require.Equal(t, 7, got[0].Out)
	require.ErrorIs(t, got[1].Err, context.DeadlineExceeded)
	require.Equal(t, 97, got[2].Out)
}
