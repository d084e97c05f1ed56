package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// across is err as another process gets it.
func across(t require.TestingT, err error) error {
	var e Encoder
	e.reset(make([]byte, 64), maxErrorSize)
	putError(&e, err)
	require.NoError(t, e.err)
	require.LessOrEqual(t, len(e.bytes()), maxErrorSize)
	var d Decoder
	d.reset(e.bytes())
	got := getError(&d)
	require.NoError(t, d.Err())
	return got
}

func TestTheRuntimesOwnErrorsArriveAsTheyAre(t *testing.T) {
	died := &Died{Exit: -1, Signal: syscall.SIGKILL, OOM: true, Panic: "panic: x\n\ngoroutine 1", Stderr: "last\n"}
	for _, err := range []error{
		nil,
		ErrClosed, ErrTooBig, ErrCorruptPeer, ErrInterrupted, context.Canceled, context.DeadlineExceeded, io.EOF,
		died,
		&NoMemory{Need: 5 << 30, Have: 1 << 30},
		&Error{Name: "resize", Index: 3, PID: 4711, Task: math.MaxUint64, Attempts: 3, Err: died},
		&Error{Name: "scan", Index: -1, Err: &Error{Name: "inner", Err: context.Canceled}},
		&Error{Name: "resize", Err: errors.Join(died, context.DeadlineExceeded)},
		&Error{Name: "resize", Err: &Remote{Text: "no such picture", kept: []error{fs.ErrNotExist}}},
		syscall.ENOSPC,
	} {
		require.Equal(t, err, across(t, err), "%v", err)
	}
}

type temporary struct{ error }

func (temporary) Is(target error) bool { return target == os.ErrDeadlineExceeded }

func TestOtherErrorsKeepTheirTextAndWhatErrorsIsFinds(t *testing.T) {
	password := errors.New("password needed")
	KeepErrors(password, io.EOF)
	_, missing := os.Open("testdata/no such file")

	for _, test := range []struct {
		err  error
		is   []error
		isnt []error
	}{
		{errors.New("plain"), nil, []error{io.EOF, context.Canceled}},
		{password, []error{password}, []error{io.EOF}},
		{fmt.Errorf("page 3: %w", password), []error{password}, []error{context.Canceled}},
		{fmt.Errorf("%w and %w", io.ErrUnexpectedEOF, password), []error{io.ErrUnexpectedEOF, password}, []error{io.EOF}},
		{missing, []error{fs.ErrNotExist, syscall.ENOENT}, []error{fs.ErrExist, syscall.EPERM}},
		{temporary{errors.New("late")}, []error{os.ErrDeadlineExceeded}, []error{context.DeadlineExceeded}},
		{fmt.Errorf("call: %w", &Remote{Text: "there", kept: []error{password}}), []error{password}, nil},
	} {
		for _, got := range []error{across(t, test.err), across(t, remote(test.err)), across(t, across(t, test.err))} {
			require.Equal(t, test.err.Error(), got.Error())
			for _, target := range test.is {
				require.ErrorIs(t, got, target)
			}
			for _, target := range test.isnt {
				require.NotErrorIs(t, got, target)
			}
		}
	}
}

func TestADeathIsFoundThroughTwoProcesses(t *testing.T) {
	inner := across(t, &Error{Name: "decode", Index: 1, Err: &Died{Exit: 3}})
	outer := across(t, &Error{Name: "scan", Err: remote(fmt.Errorf("a.png: %w", inner))})

	require.EqualError(t, outer, "scan[0]: a.png: decode[1]: exit status 3")
	died, ok := errors.AsType[*Died](outer)
	require.True(t, ok)
	require.Equal(t, 3, died.Exit)
	r, ok := errors.AsType[*Remote](outer)
	require.True(t, ok)
	at, ok := errors.AsType[*Error](errors.Join(r.Unwrap()...))
	require.True(t, ok)
	require.Equal(t, "decode", at.Name)
}

// What a function returned is told from what the runtime found, even where the
// error is the same.
func TestRemoteSaysThatAFunctionReturnedIt(t *testing.T) {
	for _, err := range []error{context.Canceled, io.EOF, &Died{Exit: 1}, errors.Join(io.EOF, ErrClosed)} {
		got := across(t, remote(err))
		require.IsType(t, &Remote{}, got)
		require.EqualError(t, got, err.Error())
	}
	require.ErrorIs(t, across(t, remote(io.EOF)), io.EOF)
	require.IsType(t, &Died{}, errors.Unwrap(across(t, &Error{Err: &Died{}})))
}

func TestErrorsBeyondTheBoundsLoseStructureAndStillArrive(t *testing.T) {
	deep := error(io.EOF)
	for range 10 * maxErrorNodes {
		deep = &Error{Name: "n", Err: deep}
	}
	got := across(t, deep)
	require.ErrorContains(t, got, "n[0]: n[0]: ")
	require.ErrorContains(t, got, "EOF")

	wide := make([]error, 1000)
	for i := range wide {
		wide[i] = &Error{Name: strings.Repeat("name", 50), Err: errors.Join(io.EOF, &Error{Err: &Died{Panic: strings.Repeat("p", 1000)}})}
	}
	got = across(t, errors.Join(wide...))
	require.Error(t, got)
	at, ok := errors.AsType[*Error](got)
	require.True(t, ok)
	require.Equal(t, strings.Repeat("name", 50), at.Name)

	got = across(t, errors.New("x"+strings.Repeat("ä", maxErrorText)))
	require.Equal(t, maxErrorText-1, len(got.Error()), "cut between two runes")
	require.True(t, strings.HasSuffix(got.Error(), "ä [cut]"))

	require.Error(t, across(t, &Error{Name: "x", Err: errors.Join(deep, deep, errors.Join(wide...))}))
}

type pointerError struct{ text string }

func (p *pointerError) Error() string { return p.text }

func TestNilPointersInErrorsArriveAsErrors(t *testing.T) {
	require.EqualError(t, across(t, (*Error)(nil)), "nil *mp.Error")
	require.EqualError(t, across(t, (*pointerError)(nil)), "nil *mp.pointerError")
	require.EqualError(t, across(t, remote((*pointerError)(nil))), "nil *mp.pointerError")
}

func TestKeptErrorsOfAnotherListAreTexts(t *testing.T) {
	var e Encoder
	e.reset(nil, testMax)
	Put(&e, errKept)
	Put(&e, uint32(1<<20))
	e.String("password needed")
	var d Decoder
	d.reset(e.bytes())
	require.Equal(t, &Remote{Text: "password needed"}, getError(&d))
}

func TestKeepErrorsPanicsForWhatErrorsIsCantFind(t *testing.T) {
	require.Panics(t, func() { KeepErrors(nil) })
	require.Panics(t, func() { KeepErrors(uncomparable{nil}) })
}

type uncomparable []error

func (uncomparable) Error() string { return "uncomparable" }

func TestCutErrorsAreCorruptAndNeverNil(t *testing.T) {
	var e Encoder
	e.reset(nil, testMax)
	putError(&e, &Error{Name: "a", Err: errors.Join(&Died{Panic: "p"}, &Remote{Text: "t", kept: []error{io.EOF}})})
	for n := range e.bytes() {
		var d Decoder
		d.reset(e.bytes()[:n:n])
		require.ErrorIs(t, getError(&d), ErrCorruptPeer)
	}
	for _, b := range [][]byte{{99}, {errStandard, 255}, {errJoin, 0}, {errRemote, 0, 0, 0, 0, 1, errNil}} {
		var d Decoder
		d.reset(b)
		require.ErrorIs(t, getError(&d), ErrCorruptPeer, "%v", b)
	}
}
