package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"

	mp "github.com/mpgen/mpgen/runtime"
	"github.com/spf13/cobra"
)

// look is what one look at the machine gave.
type look struct {
	Name  string `json:"name"`
	State string `json:"state"` // ok, warn, fail
	Found string `json:"found"`
	Means string `json:"means,omitempty"` // of what is not ok
	Do    string `json:"do,omitempty"`
}

// The states. Only what the engine of processes can't do without fails.
const (
	fine   = "ok"
	unwell = "warn"
	broken = "fail"
)

func doctorCommand() *cobra.Command {
	format := "text"
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Try what this machine can do, and say what to do about the rest",
		Long: "doctor tries what programs of mpgen need: it makes memory files and seals them, starts a worker process and calls\n" +
			"it, and looks at limits, memory and processors. Each line is ok, warn or fail.\n\n" +
			"The exit code is 1 if processes can't work here.",
		Example: "  mpgen doctor\n  mpgen doctor --format=json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&format, "format", format, "how to report: text or json")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if format != "text" && format != "json" {
			return fmt.Errorf("unknown format %q, want text or json", format)
		}
		engine := os.Getenv(mp.EngineVariable)
		os.Unsetenv(mp.EngineVariable) // it would choose for the trials
		found := append([]look{toolchain(), chosenEngine(engine)}, system()...)
		engines := map[string]bool{}
		for _, e := range []struct {
			name   string
			option mp.Option
		}{{"processes", mp.Processes()}, {"goroutines", mp.Goroutines()}, {"inline", mp.Inline()}} {
			f := tryEngine(cmd.Context(), e.name, e.option)
			engines[e.name] = f.State == fine
			found = append(found, f)
		}
		if format == "json" {
			enc := json.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent("", "  ")
			if err := enc.Encode(struct {
				Looks   []look          `json:"looks"`
				Engines map[string]bool `json:"engines"`
			}{found, engines}); err != nil {
				return err
			}
		} else if err := printFound(cmd.OutOrStdout(), found); err != nil {
			return err
		}
		if !engines["processes"] {
			return exit(exitFindings)
		}
		return nil
	}
	return cmd
}

// printFound writes a line for each look, and below it what is wrong and what to do.
func printFound(out io.Writer, found []look) error {
	var b strings.Builder
	width := 0
	for _, f := range found {
		width = max(width, len(f.Name))
	}
	for _, f := range found {
		fmt.Fprintf(&b, "%-4s  %-*s  %s\n", f.State, width, f.Name, f.Found)
		for _, more := range []string{f.Means, f.Do} {
			if more != "" {
				fmt.Fprintf(&b, "      %*s  %s\n", width, "", more)
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// toolchain asks the go command for its version.
func toolchain() look {
	f := look{Name: "go", State: fine}
	out, err := exec.Command("go", "env", "GOVERSION").Output()
	f.Found = strings.TrimSpace(string(out))
	if err != nil || f.Found == "" {
		f.State, f.Found = unwell, "the go command can't be run"
		f.Means = "mpgen run and packages of other modules need it; programs that are built do not"
		f.Do = "install Go 1.26 or later, and put it into PATH"
	}
	return f
}

// chosenEngine says what the environment would choose for programs.
func chosenEngine(name string) look {
	f := look{Name: "engine", State: fine, Found: "processes, the default"}
	if name != "" {
		f.Found = fmt.Sprintf("%s=%s", mp.EngineVariable, name)
		if name != "processes" {
			f.State = unwell
			f.Means = "programs that are started here have no processes, whatever they ask for"
			f.Do = "unset it, unless that is what you want"
		}
	}
	return f
}

// platform is what the program runs on.
func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }
