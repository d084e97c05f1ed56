package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"unicode/utf8"
)

// Remote is an error that a function returned in another process. Its text
// crosses as it is, up to 64 KiB. errors.Is finds in it the errors of package
// mp, the context errors, the sentinels of io, io/fs, os and strconv, the error
// numbers of package syscall, and every error given to [KeepErrors]. errors.As
// finds an [*Error], a [*Died], a [*NoMemory] or a [*Deadlock] that it wrapped.
type Remote struct {
	Text string
	kept []error
}

// Error returns the text.
func (r *Remote) Error() string { return r.Text }

// Unwrap returns the errors that kept their identity.
func (r *Remote) Unwrap() []error { return r.kept }

// standardErrors are the sentinels that keep their identity without being asked for.
// Both sides are the same binary, so a place in the list is a name.
var standardErrors = []error{
	context.Canceled, context.DeadlineExceeded,
	ErrClosed, ErrFull, ErrEmpty, ErrLocked, ErrOwnerDied, ErrBroken, ErrTooBig, ErrReleased, ErrNoMain, ErrCorruptPeer, ErrInterrupted, ErrRange,
	io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, io.ErrShortBuffer, io.ErrShortWrite, io.ErrNoProgress,
	fs.ErrInvalid, fs.ErrPermission, fs.ErrExist, fs.ErrNotExist, fs.ErrClosed,
	os.ErrDeadlineExceeded, os.ErrNoDeadline, os.ErrProcessDone,
	errors.ErrUnsupported, strconv.ErrRange, strconv.ErrSyntax,
}

var keepers struct {
	sync.Mutex
	list atomic.Pointer[[]error] // what KeepErrors was given, in order; replaced whole
}

// KeepErrors makes sentinel errors known by errors.Is after they crossed from
// one process to another. Call it when the package is initialized, so that all
// processes do:
//
//	var ErrPassword = errors.New("password needed")
//
//	func init() { mp.KeepErrors(ErrPassword) }
//
// It panics for nil, and for an error that can't be compared: errors.Is would
// never find it.
func KeepErrors(errs ...error) {
	keepers.Lock()
	defer keepers.Unlock()
	list := slices.Clone(keptErrors())
	for _, err := range errs {
		if err == nil || !reflect.ValueOf(err).Comparable() {
			panic(fmt.Sprintf("mp.KeepErrors: errors.Is can't find an error of type %T", err))
		}
		if !slices.ContainsFunc(list, func(k error) bool { return k == err }) {
			list = append(list, err)
		}
	}
	keepers.list.Store(&list)
}

func keptErrors() []error {
	if list := keepers.list.Load(); list != nil {
		return *list
	}
	return nil
}

// remote is what arrives in another process of an error that a function
// returned. Unlike putError, which gives back the runtime's own errors as they
// are, it says of any error that it was returned there.
func remote(err error) *Remote {
	if isNil(err) {
		return &Remote{Text: fmt.Sprintf("nil %T", err)}
	}
	if r, ok := err.(*Remote); ok {
		return r
	}
	r := &Remote{Text: err.Error(), kept: typedErrors(err, nil)}
	known := len(r.kept)
	for _, list := range [][]error{standardErrors, keptErrors()} {
		for _, s := range list {
			found := func(k error) bool { return errors.Is(k, s) }
			if found(err) && !slices.ContainsFunc(r.kept[:known], found) {
				r.kept = append(r.kept, s)
			}
		}
	}
	return r
}

// typedErrors appends the errors in err that cross with their type.
func typedErrors(err error, found []error) []error {
	switch x := err.(type) {
	case *Error, *Died, *NoMemory, *Deadlock, *Remote, syscall.Errno:
		if !isNil(x) {
			found = append(found, x)
		}
	case interface{ Unwrap() error }:
		return typedErrors(x.Unwrap(), found)
	case interface{ Unwrap() []error }:
		for _, e := range x.Unwrap() {
			found = typedErrors(e, found)
		}
	}
	return found
}

// isNil tells an error that is a nil pointer, whose methods would panic.
func isNil(err error) bool {
	v := reflect.ValueOf(err)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// An error crosses as a tree. Each node is a mark and what belongs to it.
const (
	errNil      uint8 = iota
	errStandard       // its place in standardErrors
	errKept           // its place in the list of KeepErrors, its text to be sure
	errNumber         // a syscall.Errno
	errError          // the fields, the cause
	errDied           // the fields
	errNoMemory       // the fields
	errRemote         // the text, the kept errors
	errJoin           // the errors
	errDeadlock       // who waits
)

// The bounds of a tree: who reports a failure must not fail for its size, and a
// peer gone mad can't make anybody read for long. What is over them loses its
// structure first and its text then.
const (
	maxErrorNodes = 64
	maxErrorText  = 64 << 10

	// maxErrorSize is more than any error takes.
	maxErrorSize = maxErrorText + maxErrorNodes*256
)

// putError writes err in a form that getError turns into an equal error: nil, the
// runtime's own types, sentinels, and what errors.Join made of them. Any other
// error arrives as a [*Remote]. It takes at most maxErrorSize bytes.
func putError(e *Encoder, err error) {
	w := errorWriter{e, maxErrorNodes - 1, maxErrorText}
	w.put(err)
}

type errorWriter struct {
	*Encoder
	nodes int // that may still be written; beyond, a cause is a text alone
	room  int // bytes of text that may still be written
}

var joinType = reflect.TypeOf(errors.Join(io.EOF))

func (w *errorWriter) put(err error) {
	if err == nil {
		Put(w.Encoder, errNil)
		return
	}
	if w.putSentinel(err) {
		return
	}
	if isNil(err) {
		w.putRemote(remote(err))
		return
	}
	switch x := err.(type) {
	case syscall.Errno:
		Put(w.Encoder, errNumber)
		Put(w.Encoder, uint64(x))
		return
	case *Error:
		w.putFailure(x)
		return
	case *Died:
		w.putDeath(x)
		return
	case *NoMemory:
		Put(w.Encoder, errNoMemory)
		Put(w.Encoder, *x)
		return
	case *Deadlock:
		w.putDeadlock(x)
		return
	}
	if reflect.TypeOf(err) == joinType && w.nodes > 0 {
		Put(w.Encoder, errJoin)
		w.list(err.(interface{ Unwrap() []error }).Unwrap())
		return
	}
	w.putRemote(remote(err))
}

func (w *errorWriter) putSentinel(err error) bool {
	is := func(s error) bool { return s == err }
	if i := slices.IndexFunc(standardErrors, is); i >= 0 {
		Put(w.Encoder, errStandard)
		Put(w.Encoder, uint8(i))
		return true
	}
	if i := slices.IndexFunc(keptErrors(), is); i >= 0 {
		Put(w.Encoder, errKept)
		Put(w.Encoder, uint32(i))
		w.text(err.Error())
		return true
	}
	return false
}

func (w *errorWriter) putFailure(x *Error) {
	Put(w.Encoder, errError)
	w.text(x.Name)
	Put(w.Encoder, int64(x.Index))
	Put(w.Encoder, int64(x.PID))
	Put(w.Encoder, x.Task)
	Put(w.Encoder, int64(x.Attempts))
	if w.nodes == 0 && x.Err != nil {
		w.putRemote(&Remote{Text: x.Err.Error()})
		return
	}
	w.nodes--
	w.put(x.Err)
}

func (w *errorWriter) putDeath(x *Died) {
	Put(w.Encoder, errDied)
	Put(w.Encoder, int64(x.Exit))
	Put(w.Encoder, int64(x.Signal))
	Put(w.Encoder, x.OOM)
	w.text(x.Panic)
	w.text(x.Stderr)
}

func (w *errorWriter) putDeadlock(x *Deadlock) {
	Put(w.Encoder, errDeadlock)
	waits := x.Waits[:min(len(x.Waits), maxErrorNodes)]
	Put(w.Encoder, uint8(len(waits)))
	for _, v := range waits {
		w.text(v.Process)
		w.text(v.For)
	}
}

func (w *errorWriter) putRemote(x *Remote) {
	Put(w.Encoder, errRemote)
	w.text(x.Text)
	w.list(x.kept)
}

// list writes as many errors as there are nodes left, and takes the nodes before
// it goes deeper, so that none of them is promised twice.
func (w *errorWriter) list(errs []error) {
	errs = slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err == nil })
	errs = errs[:min(len(errs), w.nodes)]
	w.nodes -= len(errs)
	Put(w.Encoder, uint8(len(errs)))
	for _, err := range errs {
		w.put(err)
	}
}

func (w *errorWriter) text(s string) {
	const mark = " [cut]"
	if len(s) > w.room {
		n := max(w.room-len(mark), 0)
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + mark
	}
	w.room = max(w.room-len(s), 0)
	w.String(s)
}

// getError reads what putError wrote. What can't be read is an error too, so
// that a failure never arrives as nil.
func getError(d *Decoder) error {
	r := errorReader{d, 2 * maxErrorNodes} // each node may have a cause that is a text
	err := r.get()
	if d.err != nil {
		return d.err
	}
	return err
}

type errorReader struct {
	*Decoder
	nodes int // that may still be read
}

func (r *errorReader) get() error {
	if r.nodes--; r.nodes < 0 {
		r.corrupt("an error of more than %d parts", 2*maxErrorNodes)
		return nil
	}
	switch mark := Get[uint8](r.Decoder); mark {
	case errNil:
		return nil
	case errStandard:
		i := int(Get[uint8](r.Decoder))
		if i < len(standardErrors) {
			return standardErrors[i]
		}
		r.corrupt("standard error %d of %d", i, len(standardErrors))
		return nil
	case errKept:
		i, text := Get[uint32](r.Decoder), r.String()
		if list := keptErrors(); uint64(i) < uint64(len(list)) && list[i].Error() == text {
			return list[i]
		}
		// The processes gave different lists to KeepErrors: the text is left.
		return &Remote{Text: text}
	case errNumber:
		return syscall.Errno(Get[uint64](r.Decoder))
	case errError:
		x := &Error{Name: r.String()}
		x.Index, x.PID = int(Get[int64](r.Decoder)), int(Get[int64](r.Decoder))
		x.Task, x.Attempts = Get[uint64](r.Decoder), int(Get[int64](r.Decoder))
		x.Err = r.get()
		return x
	case errDied:
		x := &Died{Exit: int(Get[int64](r.Decoder)), Signal: syscall.Signal(Get[int64](r.Decoder))}
		x.OOM, x.Panic, x.Stderr = Get[bool](r.Decoder), r.String(), r.String()
		return x
	case errNoMemory:
		x := Get[NoMemory](r.Decoder)
		return &x
	case errDeadlock:
		x := &Deadlock{}
		for range int(Get[uint8](r.Decoder)) {
			x.Waits = append(x.Waits, Waiting{Process: r.String(), For: r.String()})
		}
		return x
	case errRemote:
		return &Remote{Text: r.String(), kept: r.list()}
	case errJoin:
		errs := r.list()
		if errs == nil {
			r.corrupt("a joined error of none")
			return nil
		}
		return errors.Join(errs...)
	default:
		r.corrupt("an error is marked %d", mark)
		return nil
	}
}

func (r *errorReader) list() []error {
	n := int(Get[uint8](r.Decoder))
	if n == 0 {
		return nil
	}
	errs := make([]error, 0, min(n, max(r.nodes, 0)))
	for range n {
		err := r.get()
		if err == nil {
			r.corrupt("a list of errors holds nil")
			return nil
		}
		errs = append(errs, err)
	}
	return errs
}
