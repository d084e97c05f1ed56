package diag

import (
	"regexp"
	"testing"

	"github.com/mpgen/mpgen/grammar"
	"github.com/stretchr/testify/require"
)

func TestEachCodeIsDescribed(t *testing.T) {
	for _, info := range Codes() {
		require.Regexp(t, regexp.MustCompile(`^MP\d{4}$`), string(info.Code))
		require.NotEmpty(t, info.Name, info.Code)
		require.Regexp(t, `^[a-z].*[^.]$`, info.Title, info.Code)
		require.NotEmpty(t, info.Example, info.Code)
	}
}

func TestExamplesOfSyntaxErrorsGiveTheirCodeAndNoOther(t *testing.T) {
	n := 0
	for _, info := range Codes() {
		if info.Code >= "MP0100" || info.Code == Code(grammar.TooManyErrors) {
			continue
		}
		n++
		_, errs := grammar.Parse("example.mp", []byte(info.Example))
		ds := FromSyntax(errs)
		require.Len(t, ds, 1, "%s: %v", info.Code, errs)
		require.Equal(t, info.Code, ds[0].Code)
		require.Equal(t, "example.mp", ds[0].Span.File)
	}
	require.Equal(t, 10, n)
}

func TestTwoMeaningsForOneCodeAreRefused(t *testing.T) {
	require.PanicsWithValue(t, "diag: code MP0001 is both Unexpected and Other", func() {
		Register(Info{Code: "MP0001", Name: "Other"})
	})
}
