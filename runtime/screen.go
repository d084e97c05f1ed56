package mp

import (
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// screen is what several write to, standard error above all: whole lines, of
// processes for example, and below them, if it is a terminal, one line that is
// drawn anew as things go on. Who has a part of that line stands beside the others.
// Lines are written above it: it is wiped away before them, and drawn again after.
type screen struct {
	err     io.Writer  // standard error, which has the line
	columns func() int // of that terminal

	mu    sync.Mutex
	parts []*part
	drawn bool
}

// part is one's own share of the line.
type part struct{ text string }

// outputs is the program's own standard output and error.
var outputs = screen{err: os.Stderr, columns: func() int { return widthOf(os.Stderr) }}

const wipe = "\r\x1b[K"

// write writes lines, whole.
func (s *screen) write(to io.Writer, lines []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := to.(*os.File); !s.drawn || ok && !terminal(f) {
		to.Write(lines)
		return
	}
	s.wipe()
	to.Write(lines)
	s.draw()
}

// begin gives a part of the line, at its end and empty.
func (s *screen) begin() *part {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &part{}
	s.parts = append(s.parts, p)
	return p
}

// show changes what a part says.
func (s *screen) show(p *part, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.text = text
	s.wipe()
	s.draw()
}

// end takes a part out of the line, and leaves what is last to be said above it.
func (s *screen) end(p *part, last string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = slices.DeleteFunc(s.parts, func(other *part) bool { return other == p })
	s.wipe()
	io.WriteString(s.err, last)
	s.draw()
}

// wipe and draw are called with mu held.

func (s *screen) wipe() {
	if s.drawn {
		io.WriteString(s.err, wipe)
		s.drawn = false
	}
}

func (s *screen) draw() {
	var texts []string
	for _, p := range s.parts {
		if p.text != "" {
			texts = append(texts, p.text)
		}
	}
	if len(texts) == 0 {
		return
	}
	// A line as wide as the terminal could go on to the next, and stay there.
	io.WriteString(s.err, cut(strings.Join(texts, " | "), s.columns()-1))
	s.drawn = true
}

// cut leaves at most n characters of s.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n, 0)])
}

// defaultColumns is the width of a terminal that does not tell.
const defaultColumns = 80

// isLive reports whether a line on f can be drawn anew.
func isLive(f *os.File) bool { return terminal(f) && os.Getenv("TERM") != "dumb" }

// progressEvery is how often a line of progress is drawn.
const progressEvery = 200 * time.Millisecond

// showProgress draws how far the run is, until it ends.
func (r *Run) showProgress() {
	if !isLive(os.Stderr) {
		return
	}
	p := outputs.begin()
	r.watching.Go(func() {
		t := time.NewTicker(progressEvery)
		defer t.Stop()
		for {
			select {
			case <-r.ended:
				outputs.end(p, "")
				return
			case <-t.C:
				outputs.show(p, r.Stats().line(r.plan))
			}
		}
	})
}
