package mp

import (
	"fmt"
	"os"
)

// arguments are what a process, or the object of a service, starts with: its
// parameters, encoded once for all its instances and restarts, and the open files
// among them. An encoding has a file's number and name; the descriptor itself goes
// from process to process as inherited ones do. The parent keeps duplicates, so the
// program may close what it gave to Start at once.
type arguments struct {
	data  []byte
	files []*os.File
}

// encodeArgs encodes arguments, which must fit one frame of a line.
func encodeArgs(d Decl, line int, put func(*Encoder)) (a arguments, err error) {
	e := Encoder{files: &a.files}
	e.reset(nil, line/4-1024)
	if put != nil {
		put(&e)
	}
	if e.err != nil {
		a.close()
		return arguments{}, fmt.Errorf("the arguments of %q: %w", d.name(), e.err)
	}
	a.data = e.bytes()
	return a, nil
}

// close closes the parent's duplicates. It may be called again.
func (a arguments) close() {
	for _, f := range a.files {
		f.Close() // nil among them: it says so
	}
}

// copies are duplicates of the files, for a process that is none of the system's.
func (a arguments) copies() (files []*os.File, err error) {
	for _, f := range a.files {
		c, err := duplicate(f, f.Name())
		if err != nil {
			arguments{files: files}.close()
			return nil, err
		}
		files = append(files, c)
	}
	return files, nil
}

// File writes an open file, which only an argument of a process or service can be.
// Nil stays nil. The file stays the caller's.
func (e *Encoder) File(f *os.File) {
	if f == nil {
		Put(e, uint32(0))
		return
	}
	if e.files == nil {
		e.fail(fmt.Errorf("encode file %q: an open file can only be an argument of a process or service", f.Name()))
		return
	}
	c, err := duplicate(f, f.Name())
	if err != nil {
		e.fail(fmt.Errorf("encode file %q: %w", f.Name(), err))
		return
	}
	*e.files = append(*e.files, c)
	Put(e, uint32(len(*e.files)))
	e.String(f.Name())
}

// File reads an open file, which is from then on the reader's to close. It has the
// name that it had where it came from.
func (d *Decoder) File() *os.File {
	n := Get[uint32](d)
	if n == 0 {
		return nil
	}
	name := d.String()
	if d.err != nil {
		return nil
	}
	if int(n) > len(d.files) || d.files[n-1] == nil {
		d.corrupt("file %d of %d", n, len(d.files))
		return nil
	}
	f := d.files[n-1]
	d.files[n-1] = nil
	c, err := duplicate(f, name)
	f.Close()
	if err != nil {
		d.fail(fmt.Errorf("decode file %q: %w", name, err))
		return nil
	}
	return c
}
