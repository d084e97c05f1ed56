//go:build amd64 || arm64

package proc

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// stream reads one output pipe of a process and hands on whole lines. It holds at most one line,
// and stops reading while that is being delivered, so a process that writes faster than its lines
// are taken waits.
type stream struct {
	pipe    *os.File
	deliver func(line []byte)
	tail    *tail
	over    chan struct{} // closed at the end of the output
}

// firstBuffer is the size in bytes that a stream's buffer has before it meets a longer line.
const firstBuffer = 4 << 10

// newStream makes the pipe, and appends its write end, which is the child's, to theirs.
func newStream(deliver func([]byte), theirs []int) (*stream, []int, error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, theirs, fmt.Errorf("cannot make a pipe for the output: %w", err)
	}
	// Only the end that is read: a program that finds its standard output non-blocking loses lines.
	unix.SetNonblock(ends[0], true)
	s := &stream{pipe: os.NewFile(uintptr(ends[0]), "output"), deliver: deliver, over: make(chan struct{})}
	return s, append(theirs, ends[1]), nil
}

func (s *stream) start() { go s.run() }

// giveUp ends the stream although somebody still holds the pipe.
func (s *stream) giveUp() { s.pipe.SetReadDeadline(time.Unix(1, 0)) }

func (s *stream) run() {
	defer close(s.over)
	buffer := make([]byte, firstBuffer)
	used := 0
	for {
		n, err := s.pipe.Read(buffer[used:])
		fresh := used
		used += n
		rest := buffer[:used]
		for {
			end := bytes.IndexByte(rest[fresh:], '\n')
			if end < 0 {
				break
			}
			s.line(rest[:fresh+end])
			rest, fresh = rest[fresh+end+1:], 0
		}
		if err != nil {
			if len(rest) > 0 {
				s.line(rest)
			}
			return
		}
		used = copy(buffer, rest)
		switch {
		case used < len(buffer):
		case used <= MaxLine:
			// One byte more than the longest line, so that its line end still fits.
			longer := make([]byte, min(2*len(buffer), MaxLine+1))
			copy(longer, buffer)
			buffer = longer
		default:
			s.line(buffer[:MaxLine])
			used = copy(buffer, buffer[MaxLine:])
		}
	}
}

func (s *stream) line(line []byte) {
	if s.tail != nil {
		s.tail.add(line)
	}
	if s.deliver != nil {
		s.deliver(line)
	}
}

// tail keeps the last lines of a stream in at most a few times MaxTail bytes, and the last line that
// announces a fatal error of the Go runtime.
type tail struct{ kept, fatal []byte }

func (t *tail) add(line []byte) {
	if at := bytes.Index(line, fatalPrefix); at >= 0 {
		t.fatal = append(t.fatal[:0], line[at:min(len(line), at+MaxTail)]...)
	}
	line = line[max(0, len(line)-MaxTail+1):]
	t.kept = append(append(t.kept, line...), '\n')
	if len(t.kept) > 4*MaxTail {
		t.kept = append(t.kept[:0], t.last()...)
	}
}

// last returns the last MaxTailLines whole lines, or as many of them as have room in MaxTail bytes.
func (t *tail) last() []byte {
	start := len(t.kept)
	for range MaxTailLines {
		if start == 0 {
			break
		}
		from := bytes.LastIndexByte(t.kept[:start-1], '\n') + 1
		if len(t.kept)-from > MaxTail {
			break
		}
		start = from
	}
	return t.kept[start:]
}

func (t *tail) text() string {
	return strings.ToValidUTF8(strings.TrimSuffix(string(t.last()), "\n"), "\uFFFD")
}
