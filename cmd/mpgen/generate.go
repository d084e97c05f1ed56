package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/internal/generated"
	"github.com/spf13/cobra"
)

// generation is what generate does with the files it makes.
type generation struct {
	check, diff, stdout bool
	*findings

	before  int  // findings of the folders before this one
	retried bool // by regenerate
}

func generateCommand() *cobra.Command {
	g := &generation{}
	cmd := &cobra.Command{
		Use:   "generate [path ...]",
		Short: "Write mpgen.go beside the .mp files",
		Long: "generate compiles all .mp files of each folder and writes one mpgen.go beside them, if it changed.\n" +
			"Functions and methods that no Go file of the folder has are written once, into handlers.go or, if there is one, a file named\n" +
			"after the first of them; they say when they run that they are not written yet. No other file is touched.\n\n" +
			"A path is a folder, a .mp file, which stands for its folder, or folder/... for all folders below, without\n" +
			"testdata, vendor, those that start with \".\" or \"_\", and other modules. The default is the current folder.",
		Example: "  mpgen generate\n  mpgen generate ./...\n  mpgen generate --check ./...   # in CI: fail if a file is not up to date\n" +
			"  mpgen generate --diff jobs     # show what would change",
	}
	g.findings = newFindings(cmd)
	cmd.Flags().BoolVar(&g.check, "check", false, "write nothing, and fail if a file is not up to date")
	cmd.Flags().BoolVar(&g.diff, "diff", false, "write nothing, and show what would change")
	cmd.Flags().BoolVar(&g.stdout, "stdout", false, "write to standard output; for one folder")
	cmd.MarkFlagsMutuallyExclusive("check", "diff", "stdout")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		folders, err := findFolders(args)
		if err != nil {
			return err
		}
		if g.stdout && len(folders) > 1 {
			return fmt.Errorf("--stdout is for one folder, found %d", len(folders))
		}
		for _, f := range folders {
			if err := g.folder(cmd, f); err != nil {
				return err
			}
		}
		return g.print(cmd)
	}
	return cmd
}

// folder generates one folder.
func (g *generation) folder(cmd *cobra.Command, f folder) error {
	wrote := false
	if f.orphaned() {
		g.add(f, diag.OrphanFile(f.file(compiler.FileName)))
		return nil
	}
	g.before = len(g.list)
	out, ds := compiler.Generate(f.input)
	g.add(f, ds...)
	for _, name := range slices.Sorted(maps.Keys(out.Files)) {
		file, text := f.file(name), out.Files[name]
		if g.stdout {
			if _, err := cmd.OutOrStdout().Write(text); err != nil {
				return err
			}
			continue
		}
		old, err := os.ReadFile(file)
		missing := errors.Is(err, fs.ErrNotExist)
		switch {
		case err != nil && !missing:
			return err
		case !missing && bytes.Equal(old, text):
		case !missing && !generated.Text(old):
			g.add(f, diag.ForeignFile(file))
			out.Stubs = nil // without mpgen.go they would not build
		case g.check:
			g.add(f, diag.StaleFile(file, missing))
		case g.diff:
			g.differs = true
			if err := showDiff(cmd, file, old, text); err != nil {
				return err
			}
		default:
			if err := writeFile(file, text); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s\n", file)
			wrote = true
		}
	}
	if s := out.Stubs; s != nil && !g.stdout {
		if err := g.stubs(cmd, f, s); err != nil {
			return err
		}
	}
	if wrote && out.NoMain {
		fmt.Fprintln(cmd.ErrOrStderr(), mainHint(out))
	}
	return nil
}

// mainHint says what the func main is to be that a folder lacks.
func mainHint(out compiler.Output) string {
	args := ""
	if bytes.Contains(out.Files[compiler.FileName], []byte("\ntype Args struct {")) {
		args = ", Args{…}"
	}
	return fmt.Sprintf("there is no func main yet: write one that calls mp.Main() first, then run, err := Start(context.Background()%s), defer run.Close(), and run.Wait()",
		args)
}

// stubs writes functions that are missing into a file of their own.
func (g *generation) stubs(cmd *cobra.Command, f folder, s *compiler.Stubs) error {
	file, funcs := f.file(s.File), strings.Join(s.Funcs, ", ")
	switch {
	case g.check:
		g.add(f, diag.UnwrittenFuncs(file, funcs))
	case g.diff:
		g.differs = true
		return showDiff(cmd, file, nil, s.Text)
	default:
		err := createFile(file, s.Text)
		if errors.Is(err, fs.ErrExist) && !g.retried {
			return g.regenerate(cmd, f)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s, which is yours from now on: %s\n", file, funcs)
	}
	return nil
}

// regenerate generates a folder once more: another process that generates it wrote the
// file of functions first, so that nothing may be missing any more.
func (g *generation) regenerate(cmd *cobra.Command, f folder) error {
	now, err := readFolder(f.shown)
	if err != nil || now == nil {
		return err
	}
	g.list, g.retried = g.list[:g.before], true
	defer func() { g.retried = false }()
	return g.folder(cmd, *now)
}
