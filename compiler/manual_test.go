package compiler

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/grammar"
)

// TestEachKeywordIsExplained has a sentence and an example that parses for each word that
// starts a declaration, and the settings of no other.
func TestEachKeywordIsExplained(t *testing.T) {
	var words []string
	for _, k := range Keywords() {
		words = append(words, k.Word)
		require.NotEmpty(t, k.Doc, k.Word)
		require.False(t, strings.HasSuffix(k.Doc, "."), k.Word)
		require.True(t, strings.HasPrefix(k.Example, k.Word+" "), k.Word)
		_, errs := grammar.Parse(k.Word+".mp", []byte("package p\n\n"+k.Example+"\n"))
		require.Empty(t, errs, k.Word)
	}
	require.ElementsMatch(t, strings.Split(grammar.Declarations(), ", "), words)
	for _, s := range Settings() {
		require.Subset(t, append(words, "sandbox"), strings.Fields(s.Of), s.Key)
	}
}
