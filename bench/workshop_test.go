package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProgramsMustPrintTheSame(t *testing.T) {
	w, err := newWorkshop()
	require.NoError(t, err)
	defer w.close()
	require.NoError(t, w.same("q", []byte("1 a\n")))
	require.NoError(t, w.same("q", []byte("1 a\n")))
	require.Error(t, w.same("q", []byte("2 a\n")))
	require.NoError(t, w.same("another", []byte("2 a\n")))
}

func TestAProgramThatDoesNotBuildSaysWhy(t *testing.T) {
	w, err := newWorkshop()
	require.NoError(t, err)
	defer w.close()
	_, err = w.build(t.Context(), "github.com/mpgen/mpgen/bench/nowhere")
	require.ErrorContains(t, err, `build "github.com/mpgen/mpgen/bench/nowhere"`)
	require.NoDirExists(t, w.dir+"/nowhere")
}
