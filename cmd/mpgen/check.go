package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/spf13/cobra"
)

// checking is what check does about what it finds.
type checking struct {
	fix, diff, footprint bool
	footprints           []pipelineFootprint
	*findings
}

func checkCommand() *cobra.Command {
	c := &checking{}
	cmd := &cobra.Command{
		Use:   "check [path ...]",
		Short: "Report what is wrong in .mp files, or mend it",
		Long: "check finds what generate would find, and writes nothing. Paths are those of generate.\n\n" +
			"With --fix it mends in the .mp files what is wrong beyond doubt, as a misspelt name or an import that is\n" +
			"not used, says what it changed, and reports the rest.\n\n" +
			"With --footprint it also shows what a run takes at most on this machine: shared memory, processes, and the\n" +
			"memory of their own that these may take.",
		Example: "  mpgen check\n  mpgen check ./...\n  mpgen check --fix ./...\n  mpgen check --fix --diff        # show what --fix would change\n  mpgen check --footprint\n" +
			"  mpgen check --format=json pipeline.mp   # for an editor\n  mpgen check --format=github ./...       # beside the lines of a pull request",
	}
	c.findings = newFindings(cmd)
	cmd.Flags().BoolVar(&c.fix, "fix", false, "mend what is wrong beyond doubt")
	cmd.Flags().BoolVar(&c.diff, "diff", false, "with --fix: write nothing, and show what would change")
	cmd.Flags().BoolVar(&c.footprint, "footprint", false, "show what a run takes of the machine")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if c.diff && !c.fix {
			return fmt.Errorf("--diff shows what --fix would change; write check --fix --diff")
		}
		folders, err := findFolders(args)
		if err != nil {
			return err
		}
		for _, f := range folders {
			if f.orphaned() {
				c.add(f, diag.OrphanFile(f.file(compiler.FileName)))
				continue
			}
			if c.fix {
				if err := c.mend(cmd, f); err != nil {
					return err
				}
			}
			c.add(f, compiler.Check(f.input)...)
			if c.footprint {
				if err := c.measure(f); err != nil {
					return err
				}
			}
		}
		return c.report(cmd)
	}
	return cmd
}

// mend applies the fixes of a folder's findings, and leaves the new texts in the folder.
func (c *checking) mend(cmd *cobra.Command, f folder) error {
	sources := f.input.Sources
	before := map[string]string{}
	for _, s := range sources {
		before[s.Name] = string(s.Text)
	}
	result := compiler.Fix(f.input)
	copy(sources, result.Sources) // for who looks at the folder next
	fixed := inFile(result.Rounds, before)
	diag.Sort(fixed)
	for _, d := range fixed {
		if !c.diff {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d: fixed %s: %s\n", d.Span.File, d.Span.Start.Line, d.Code, d.Fixes[0].Message)
		}
	}
	for _, s := range sources {
		old, text := before[s.Name], string(s.Text)
		switch {
		case old == text:
		case c.diff:
			c.differs = true
			if err := showDiff(cmd, s.Name, []byte(old), s.Text); err != nil {
				return err
			}
		default:
			if err := writeFile(s.Name, s.Text); err != nil {
				return err
			}
		}
	}
	return nil
}

// inFile are all findings of several rounds, at the lines that they have in the files, which the rounds change.
func inFile(rounds [][]diag.Diagnostic, before map[string]string) (fixed []diag.Diagnostic) {
	written := map[string]fileLines{}
	for _, mended := range rounds {
		edits := map[string][]diag.Edit{}
		for i, d := range mended {
			mended[i].Span.Start.Line = written[d.Span.File].of(d.Span.Start.Line)
			for _, e := range d.Fixes[0].Edits {
				edits[e.Span.File] = append(edits[e.Span.File], e)
			}
		}
		for file, list := range edits {
			if written[file] == nil {
				written[file] = linesOf(before[file])
			}
			written[file] = written[file].after(list)
		}
		fixed = append(fixed, mended...)
	}
	return fixed
}

// fileLines are the numbers that the lines of a text had in its file, before it was mended.
type fileLines []int

func linesOf(text string) fileLines {
	lines := make(fileLines, strings.Count(text, "\n")+1)
	for i := range lines {
		lines[i] = i + 1
	}
	return lines
}

// of is the number that a line of the text had; nil is a text as it is in its file.
func (l fileLines) of(line int) int {
	if line < 1 || line > len(l) {
		return line
	}
	return l[line-1]
}

// after are the lines after edits, which do not overlap. A line that is put in has the number of the one where it starts.
func (l fileLines) after(edits []diag.Edit) fileLines {
	slices.SortFunc(edits, func(a, b diag.Edit) int { return cmp.Compare(b.Span.Start.Offset, a.Span.Start.Offset) })
	for _, e := range edits {
		from, to := e.Span.Start.Line, e.Span.End.Line
		if e.Span.Start.Column == 1 && e.Span.End.Column == 1 { // whole lines
			from, to = from-1, to-1
		}
		from, to = min(max(from, 0), len(l)), min(max(to, 0), len(l))
		l = slices.Replace(l, from, max(from, to), slices.Repeat(fileLines{l.of(e.Span.Start.Line)}, strings.Count(e.New, "\n"))...)
	}
	return l
}
