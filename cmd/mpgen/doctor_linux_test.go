package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDoctorJudges(t *testing.T) {
	for release, want := range map[string]string{
		"5.14.0-570.el9.x86_64": fine, "6.1.0": fine, "6.18.44-fc": fine, "10.0": fine, "strange": fine,
		"5.13.19": unwell, "4.19.0-27-amd64": unwell, "5.4": unwell,
	} {
		require.Equal(t, want, judgeKernel(release).State, release)
	}
	require.Equal(t, fine, judgeDescriptors(1024).State)
	require.Equal(t, "no limit", judgeDescriptors(1<<63).Found)
	few := judgeDescriptors(64)
	require.Equal(t, unwell, few.State)
	require.Contains(t, few.Means, "room for about 8")
	require.Contains(t, judgeDescriptors(10).Means, "room for about 0")
	require.Equal(t, fine, judgeMemory(1<<30, "").State)
	require.Equal(t, unwell, judgeMemory(100<<20, "").State)
	require.Equal(t, "100.0 MiB left, of 1.0 GiB of the control group", judgeMemory(100<<20, ", of 1.0 GiB of the control group").Found)
	require.Equal(t, unwell, judgeMemory(-1, "").State)
}
