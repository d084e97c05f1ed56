package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
)

// findings collects what is wrong in all folders of a command, so that it is printed at once.
type findings struct {
	format string
	color  string
	list   []diag.Diagnostic
	source map[string][]byte

	differs bool // a file would change that was not to be written
}

var (
	formats = []string{"text", "json", "github"}
	colors  = []string{"auto", "always", "never"}
)

// plainFindings are those of a command that has no flags for them.
func plainFindings() *findings {
	return &findings{format: "text", color: "auto", source: map[string][]byte{}}
}

// newFindings gives a command its --format and --color.
func newFindings(cmd *cobra.Command) *findings {
	f := plainFindings()
	cmd.Flags().StringVar(&f.format, "format", "text", "how to report findings: text, json or github")
	cmd.Flags().StringVar(&f.color, "color", "auto", "when to use colors: auto, always or never; auto is on a terminal,\nunless NO_COLOR is set or TERM is dumb")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colors, cobra.ShellCompDirectiveNoFileComp))
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, f.format) {
			return fmt.Errorf("unknown format %q, want text, json or github", f.format)
		}
		if !slices.Contains(colors, f.color) {
			return fmt.Errorf("unknown color %q, want auto, always or never", f.color)
		}
		return nil
	}
	return f
}

// add takes the findings of a folder.
func (f *findings) add(in folder, ds ...diag.Diagnostic) {
	for _, s := range in.input.Sources {
		f.source[s.Name] = s.Text
	}
	diag.Sort(ds)
	f.list = append(f.list, ds...)
}

// mostShown is how many findings people are shown: who has more begins with these.
const mostShown = 100

// print reports all that was found, text to standard error and the forms for programs to standard output. It returns an
// exit code as an error if there is something to do.
func (f *findings) print(cmd *cobra.Command) error {
	var err error
	switch f.format {
	case "json":
		err = diag.JSON(cmd.OutOrStdout(), f.list)
	case "github":
		err = diag.GitHub(cmd.OutOrStdout(), f.list)
	default:
		out := cmd.ErrOrStderr()
		shown := f.list[:min(len(f.list), mostShown)]
		err = diag.Text(out, shown, diag.Style{Color: f.color == "always" || f.color == "auto" && wantsColor(out), Source: f.text})
		if n := len(f.list) - len(shown); n > 0 {
			fmt.Fprintf(out, "\n%d more are not shown; --format json has them all\n", n)
		}
		if s := diag.Summary(f.list); s != "" {
			fmt.Fprintf(out, "\n%s\n", s)
		}
	}
	if err != nil {
		return err
	}
	return f.verdict()
}

// verdict is an exit code as an error if one of the findings is an error, or if a file differs.
func (f *findings) verdict() error {
	if f.differs || diag.HasErrors(f.list) {
		return exit(exitFindings)
	}
	return nil
}

// showDiff shows what would change in a file.
func showDiff(cmd *cobra.Command, file string, old, text []byte) error {
	_, err := cmd.OutOrStdout().Write(diff.Diff(file, old, file, text))
	return err
}

// text is the source of a span: a file that was compiled, or a Go file beside it.
func (f *findings) text(file string) []byte {
	if text, ok := f.source[file]; ok {
		return text
	}
	text, _ := os.ReadFile(file) // without it the finding is shown without its line
	f.source[file] = text
	return text
}

// wantsColor reports whether escape sequences may be written to w.
func wantsColor(w any) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// isTerminal reports whether w is a terminal.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && terminal(file)
}
