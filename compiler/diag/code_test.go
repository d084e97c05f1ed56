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
		if info.Text != "" {
			require.Regexp(t, `^[A-Za-z].*\.$`, info.Text, info.Code)
		}
		if info.When != "" {
			require.Regexp(t, `^[A-Z].*\.$`, info.When, info.Code)
			require.Empty(t, info.Wrong+info.Right, info.Code)
			continue
		}
		require.NotEmpty(t, info.Wrong, info.Code)
		require.NotEmpty(t, info.Right, info.Code)
		require.NotEqual(t, info.Wrong, info.Right, info.Code)
	}
}

func TestExamplesOfSyntaxErrorsGiveTheirCodeAndNoOther(t *testing.T) {
	n := 0
	for _, info := range Codes() {
		if info.Code >= "MP0100" || info.Wrong == "" {
			continue
		}
		n++
		_, errs := grammar.Parse("example.mp", []byte(info.Wrong))
		ds := FromSyntax(errs)
		require.Len(t, ds, 1, "%s: %v", info.Code, errs)
		require.Equal(t, info.Code, ds[0].Code)
		require.Equal(t, "example.mp", ds[0].Span.File)
		_, errs = grammar.Parse("example.mp", []byte(info.Right))
		require.Empty(t, errs, info.Code)
	}
	require.Equal(t, 10, n)
}

func TestExamplesAreOneFileOrSeveral(t *testing.T) {
	require.Equal(t, []File{{"example.mp", []byte("package main\n")}}, Files("package main\n"))
	require.Equal(t, []File{{"a.mp", []byte("package a\n")}, {"b.go", []byte("package b\n")}},
		Files("-- a.mp --\npackage a\n-- b.go --\npackage b\n"))
}

func TestTwoMeaningsForOneCodeAreRefused(t *testing.T) {
	require.PanicsWithValue(t, "diag: code MP0001 is both Unexpected and Other", func() {
		Register(Info{Code: "MP0001", Name: "Other"})
	})
	require.PanicsWithValue(t, "diag: the name unexpected is both MP0001 and MP9998", func() {
		Register(Info{Code: "MP9998", Name: "unexpected"})
	})
}
