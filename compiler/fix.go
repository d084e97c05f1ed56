package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/diag"
)

// Fixed is a folder after the fixes of its findings.
type Fixed struct {
	Sources []Source            // of the input, with their new texts
	Rounds  [][]diag.Diagnostic // what was mended, with places in the texts that the round began with
	Left    []diag.Diagnostic   // what is found in the new texts
}

// maxRounds bounds how often a folder is mended and checked again: a fix may uncover another finding, or have to wait for
// one at the same place.
const maxRounds = 10

// Fix applies the fixes of what Check finds, until none is left that fits. It changes nothing of the input.
func Fix(in Input) Fixed {
	f := Fixed{Sources: slices.Clone(in.Sources)}
	in.Sources = f.Sources
	for {
		f.Left = Check(in)
		diag.Sort(f.Left)
		changed, mended := diag.Apply(f.Left, in.text)
		if len(mended) == 0 || len(f.Rounds) == maxRounds {
			return f
		}
		for i, s := range f.Sources {
			if text, ok := changed[s.Name]; ok {
				f.Sources[i].Text = text
			}
		}
		f.Rounds = append(f.Rounds, mended)
	}
}

// text is that of a source, or nil for another file.
func (in Input) text(file string) []byte {
	for _, s := range in.Sources {
		if s.Name == file {
			return s.Text
		}
	}
	return nil
}
