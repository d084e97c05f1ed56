package grammar

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnitsAreUnderstoodAsPeopleWriteThem(t *testing.T) {
	for _, c := range []struct {
		word           string
		duration, size string
	}{
		{"sec", "s", ""}, {"Seconds", "s", ""}, {"min", "m", ""}, {"hours", "h", ""}, {"msec", "ms", ""}, {"µs", "us", ""},
		{"kb", "", "KiB"}, {"kB", "", "KiB"}, {"KB", "", "KB"}, {"MB", "", "MB"}, {"Mib", "", "MiB"}, {"G", "", "GiB"}, {"bytes", "", "B"},
		{"m", "m", "MiB"}, {"d", "", ""}, {"", "", ""}, {"retries", "", ""},
	} {
		require.Equal(t, c.duration, MeantUnit(c.word, true), c.word)
		require.Equal(t, c.size, MeantUnit(c.word, false), c.word)
	}
}
