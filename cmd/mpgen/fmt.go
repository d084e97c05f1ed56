package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
	"github.com/spf13/cobra"
)

// formatting is what fmt does with the files whose form is not canonical.
type formatting struct {
	list, write, diff bool
	failed            bool // a file could not be read or written
	*findings
}

// standardInput is how the file that comes in there is called.
const standardInput = "<standard input>"

func fmtCommand() *cobra.Command {
	f := &formatting{}
	cmd := &cobra.Command{
		Use:   "fmt [path ...]",
		Short: "Format .mp files",
		Long: "fmt prints .mp files in their canonical form, of which there is one, or writes it with -w. A file with syntax\n" +
			"errors is left alone.\n\n" +
			"A path is a .mp file, a folder, or folder/... for all folders below, without those that generate leaves out;\n" +
			"\"-\" is standard input, and so is no path at all. With -l or -d the exit code is 1 if a file differs, unless -w\n" +
			"writes it.",
		Example: "  mpgen fmt -w ./...\n  mpgen fmt -l ./...        # in CI: fail if a file is not formatted\n" +
			"  mpgen fmt -d jobs.mp      # show what would change\n  mpgen fmt <jobs.mp        # for an editor",
	}
	f.findings = newFindings(cmd)
	cmd.Flags().BoolVarP(&f.list, "list", "l", false, "print the names of files that differ, not their text")
	cmd.Flags().BoolVarP(&f.write, "write", "w", false, "write files that differ, and do not print them")
	cmd.Flags().BoolVarP(&f.diff, "diff", "d", false, "print what would change, not the whole text")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"-"}
		}
		if f.write && slices.Contains(args, "-") {
			return errors.New("-w needs files, and standard input is none")
		}
		seen := map[string]bool{}
		for _, arg := range args {
			files, err := filesToFormat(arg)
			f.tell(cmd, err)
			for _, file := range files {
				if !seen[file] {
					seen[file] = true
					f.tell(cmd, f.file(cmd, file))
				}
			}
		}
		err := f.print(cmd)
		if f.failed {
			return exit(exitFailure)
		}
		return err
	}
	return cmd
}

// tell reports what keeps one path from being formatted; the others are.
func (f *formatting) tell(cmd *cobra.Command, err error) {
	if err != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "mpgen: %s\n", err)
		f.failed = true
	}
}

// filesToFormat lists the files that one argument stands for. One that is named is taken whatever its name is.
func filesToFormat(arg string) ([]string, error) {
	if arg == "-" {
		return []string{standardInput}, nil
	}
	var dirs []string
	switch info, err := os.Stat(arg); {
	case isPattern(arg) || err == nil && info.IsDir():
		if dirs, err = expand(arg); err != nil {
			return nil, err
		}
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("no file or folder %q", arg)
	case err != nil:
		return nil, err
	default:
		return []string{shown(filepath.Split(arg))}, nil
	}
	var files []string
	for _, dir := range dirs {
		names, err := sources(dir)
		if err != nil {
			return files, err
		}
		for _, name := range names {
			files = append(files, shown(dir, name))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no .mp files in %q", arg)
	}
	return files, nil
}

// file formats one file.
func (f *formatting) file(cmd *cobra.Command, file string) error {
	old, err := readSource(cmd, file)
	if err != nil {
		return err
	}
	text, errs := grammar.Format(file, old)
	f.source[file] = old
	f.findings.list = append(f.findings.list, diag.FromSyntax(errs)...)
	if len(errs) > 0 {
		return nil
	}
	out := cmd.OutOrStdout()
	if !f.list && !f.write && !f.diff {
		_, err := out.Write(text)
		return err
	}
	if bytes.Equal(old, text) {
		return nil
	}
	if f.list {
		if _, err := fmt.Fprintln(out, file); err != nil {
			return err
		}
	}
	if f.diff {
		if err := showDiff(cmd, file, old, text); err != nil {
			return err
		}
	}
	if f.write {
		return writeFile(file, text)
	}
	f.differs = true
	return nil
}

// readSource reads a file, or standard input.
func readSource(cmd *cobra.Command, file string) ([]byte, error) {
	if file == standardInput {
		return io.ReadAll(cmd.InOrStdin())
	}
	return os.ReadFile(file)
}
