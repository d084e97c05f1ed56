// Command mpgen turns .mp files into Go.
//
// In come folders with .mp files; out goes one mpgen.go for each, or what is wrong with them. Each subcommand is a file of
// this package, and this package is the only part of the project that writes files; the compiler reads, and asks the go command where a
// package is that go.mod does not tell of. What a program
// may want to read goes to standard output, what people read to standard error. The exit code is 0, or 1 where something
// was found in the user's files, or 2 where the command was used wrongly or failed itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/mpgen/mpgen/analyzers"
	mp "github.com/mpgen/mpgen/runtime"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	mp.Main() // for the worker that doctor starts
	if vettool(os.Args[1:]) {
		unitchecker.Main(analyzers.All...)
	}
	os.Exit(mpgen(os.Args[1:], os.Stdout, os.Stderr))
}

// vettool reports whether the go command asks for an analysis, as go vet -vettool does: for the version, for the flags, or
// with the description of a package behind flags.
func vettool(args []string) bool {
	if len(args) == 1 && (args[0] == "-V=full" || args[0] == "-flags") {
		return true
	}
	for i, arg := range args {
		if i == len(args)-1 {
			return strings.HasSuffix(arg, ".cfg")
		}
		if !strings.HasPrefix(arg, "-") {
			return false
		}
	}
	return false
}

// The exit codes.
const (
	exitFindings = 1
	exitFailure  = 2
)

// exit is an error that has been told already and only ends the command with its code.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// mpgen runs one command line and returns its exit code.
func mpgen(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "mpgen: internal error: %v\n\nThis is a mistake in mpgen, not in your files. Please report it with all that follows.\n"+
				"mpgen %s, arguments %q\n%s", r, version, args, debug.Stack())
			code = exitFailure
		}
	}()
	root := command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(context.Background())
	var told exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &told):
		return int(told)
	}
	fmt.Fprintf(stderr, "mpgen: %s\n", strings.TrimSpace(err.Error()))
	return exitFailure
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "mpgen",
		Short: "Generate multi-process programs in Go",
		Long: "mpgen turns the .mp files of a folder, which describe processes and what they share, into one Go file, mpgen.go.\n\n" +
			"Exit codes: 0; 1 if something was found in the files; 2 if mpgen was used wrongly or failed.",
		Example:       "  mpgen init\n  mpgen generate ./...\n  mpgen check pipeline.mp\n  mpgen run ./examples/wordcount -- /usr/share/doc",
		Version:       about(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(suggestFlag)
	root.SetVersionTemplate("mpgen {{.Version}}\n")
	root.AddCommand(initCommand(), generateCommand(), checkCommand(), vetCommand(), fmtCommand(), runCommand(), graphCommand(), explainCommand(), doctorCommand(), versionCommand())
	complete(root)
	return root
}

// suggestFlag adds to the error about an unknown flag those of the command that start alike.
func suggestFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var near []string
	name := unknown.GetSpecifiedName()
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if strings.HasPrefix(f.Name, name[:min(len(name), 2)]) {
			near = append(near, "--"+f.Name)
		}
	})
	if len(near) == 0 {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	}
	return fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
}
