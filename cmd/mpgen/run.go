package main

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/mpgen/mpgen/compiler"
	"github.com/spf13/cobra"
)

func runCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run [folder] [-- argument ...]",
		Short: "Generate, build and run the program in a folder",
		Long: "run generates mpgen.go if it changed, builds the folder's program with the go command into a temporary file, and\n" +
			"runs it in the current folder with the arguments given. The exit code is the program's own, or 128 and the\n" +
			"number of the signal that ended it. On a terminal the program shows its progress in one line.",
		Example: "  mpgen run\n  mpgen run ./examples/wordcount -- /usr/share/doc",
	}
	g := &generation{findings: newFindings(cmd)}
	cmd.Flags().SetInterspersed(false) // what follows the folder belongs to the program
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := "."
		if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
			dir, args = args[0], args[1:]
		}
		if len(args) > 0 && args[0] == "--" {
			args = args[1:]
		}
		if strings.HasSuffix(dir, "...") {
			return fmt.Errorf("run wants one folder, found the pattern %q", dir)
		}
		folders, err := findFolders([]string{dir})
		if err != nil {
			return err
		}
		f := folders[0]
		if err := g.folder(cmd, f); err != nil {
			return err
		}
		if err := g.print(cmd); err != nil {
			return err
		}
		if name, err := packageName(f.file(compiler.FileName)); err != nil {
			return err
		} else if name != "main" {
			return fmt.Errorf("%q is package %s, want package main, as only that is a program", dir, name)
		}
		temp, err := os.MkdirTemp("", "mpgen-run-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		program := filepath.Join(temp, filepath.Base(f.input.Dir)+exeSuffix)
		if err := goBuild(cmd, f.input.Dir, program); err != nil {
			return err
		}
		return runProgram(cmd, program, args)
	}
	return cmd
}

// goBuild builds the program of a folder. What the go command says about it is shown as it is.
func goBuild(cmd *cobra.Command, dir, program string) error {
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = dir
	build.Stdout, build.Stderr = cmd.ErrOrStderr(), cmd.ErrOrStderr()
	err := build.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return exit(exitFindings)
	}
	return err
}

// packageName is the package of a Go file.
func packageName(file string) (string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	return parsed.Name.Name, nil
}

// runProgram runs a program to its end and returns its exit code as an error. The program shares mpgen's terminal and
// process group: signals from the keyboard reach both, so mpgen only passes on those that were sent to itself, and ends
// when the program does.
func runProgram(cmd *cobra.Command, program string, args []string) error {
	child := exec.Command(program, args...)
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, cmd.OutOrStdout(), cmd.ErrOrStderr()
	child.Env = os.Environ()
	if isTerminal(cmd.ErrOrStderr()) {
		child.Env = append(child.Env, "MPGEN_PROGRESS=1")
	}
	endWithMpgen(child)
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passedOn...)
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for {
		select {
		case s := <-signals:
			if !fromKeyboard(s) {
				child.Process.Signal(s) // a program that has just ended is past it
			}
		case err := <-ended:
			var failed *exec.ExitError
			if errors.As(err, &failed) {
				return exit(exitCode(failed.ProcessState))
			}
			return err
		}
	}
}
