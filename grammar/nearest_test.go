package grammar

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearestFindsWhatWasMeant(t *testing.T) {
	names := []string{"jobs", "thumbs", "broken", "x", "capacity", "queue", "part1", "part3"}
	for _, c := range []struct {
		word, near string
		sure       bool
	}{
		{"jbos", "jobs", true}, {"job", "jobs", true}, {"Jobs", "jobs", true}, {"thumb", "thumbs", true},
		{"capasity", "capacity", true}, {"brokne", "broken", true},
		{"que", "queue", false}, {"cap", "capacity", false}, {"capa", "capacity", false},
		{"part2", "part1", false}, {"X", "x", true}, {"parts", "part1", false},
		{"y", "", false}, {"stack", "", false}, {"jo", "", false}, {"", "", false},
	} {
		near, sure := Nearest(c.word, names)
		require.Equal(t, c.near, near, c.word)
		require.Equal(t, c.sure, sure, c.word)
	}
}

func TestDistanceCountsASwapAsOne(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"abc", "abc", 0}, {"jbos", "jobs", 1}, {"kitten", "sitting", 3}, {"ä", "a", 1}} {
		require.Equal(t, c.want, distance(c.a, c.b), "%q %q", c.a, c.b)
		require.Equal(t, c.want, distance(c.b, c.a), "%q %q", c.b, c.a)
	}
}
