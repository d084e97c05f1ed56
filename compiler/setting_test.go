package compiler

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSettingsTableIsSound keeps the one table that everything else believes.
func TestSettingsTableIsSound(t *testing.T) {
	had := map[string]bool{}
	for _, s := range Settings() {
		require.NotEmpty(t, s.Doc, s.Key)
		require.False(t, strings.HasSuffix(s.Doc, "."), s.Key)
		require.NotZero(t, s.Takes, s.Key)
		for of := range strings.FieldsSeq(s.Of) {
			place := of + "." + s.In + "." + s.Key
			require.False(t, had[place], "%s stands in the table twice", place)
			had[place] = true
			if s.In != "" {
				require.NotNil(t, findSetting(of, "", s.In), "%s is in a block that %s does not have", s.Key, of)
			}
		}
		if s.Takes&(Count|Size|Duration) != 0 {
			require.Less(t, s.Min, s.Max, s.Key)
		}
		if s.Takes&Word != 0 {
			require.NotEmpty(t, s.Words, s.Key)
		}
	}
}

// TestDefaultsAreInRange reads each default as if it were written.
func TestDefaultsAreInRange(t *testing.T) {
	for _, s := range Settings() {
		var n int64
		var how reading
		switch {
		case s.Default == "" || s.Default == "GOMAXPROCS" || s.Takes&Word != 0:
			continue
		case s.Takes&Size != 0:
			n, how = readSize(s.Default)
		case s.Takes&Duration != 0:
			n, how = readDuration(s.Default)
		default:
			n, how = readCount(s.Default)
		}
		require.Equal(t, understood, how, s.Key)
		require.GreaterOrEqual(t, n, s.Min, s.Key)
		require.LessOrEqual(t, n, s.Max, s.Key)
	}
}

// TestSettingsCanNotBeChangedFromOutside guards the table of all compilations.
func TestSettingsCanNotBeChangedFromOutside(t *testing.T) {
	Settings()[0].Key = "changed"
	require.NotEqual(t, "changed", Settings()[0].Key)
}
