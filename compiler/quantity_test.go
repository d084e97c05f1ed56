package compiler

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNumbersWithUnitsAreRead(t *testing.T) {
	type read = func(string) (int64, reading)
	for _, c := range []struct {
		read read
		text string
		want int64
		how  reading
	}{
		{readCount, "0", 0, understood},
		{readCount, "1_048_576", 1 << 20, understood},
		{readCount, "9223372036854775807", 1<<63 - 1, understood},
		{readCount, "9223372036854775808", 0, tooLarge},
		{readCount, "0.5", 0, malformed},
		{readCount, "5s", 0, malformed},
		{readCount, "1_", 0, malformed},
		{readSize, "256MiB", 256 << 20, understood},
		{readSize, "1.5GiB", 3 << 29, understood},
		{readSize, "64KB", 64000, understood},
		{readSize, "0B", 0, understood},
		{readSize, "0.5B", 0, malformed},
		{readSize, "256", 0, malformed},
		{readSize, "MiB", 0, malformed},
		{readSize, "1.2.3KB", 0, malformed},
		{readSize, "64kb", 0, malformed},
		{readSize, "99999999999TiB", 0, tooLarge},
		{readDuration, "5s", 5e9, understood},
		{readDuration, "1m30s", 90e9, understood},
		{readDuration, "0.5s", 5e8, understood},
		{readDuration, "5", 0, malformed},
		{readDuration, "0", 0, malformed},
		{readDuration, "5d", 0, malformed},
		{readDuration, "9999999999999999999h", 0, tooLarge},
	} {
		got, how := c.read(c.text)
		require.Equal(t, c.how, how, c.text)
		if how == understood {
			require.Equal(t, c.want, got, c.text)
		}
	}
}

// What a message says as a bound can be written as it stands.
func TestTextsOfNumbersReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<50).Draw(t, "n")
		size, how := readSize(SizeText(n))
		require.Equal(t, understood, how)
		require.Equal(t, n, size)
		d, how := readDuration(durationText(n))
		require.Equal(t, understood, how, durationText(n))
		require.Equal(t, n, d)
	})
}
