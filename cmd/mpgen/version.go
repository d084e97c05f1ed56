package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is the version that generated files name. It is a constant, and not taken from the build, so that everybody's
// mpgen of one version writes the same bytes.
const version = "v0.1.0"

// about is the version in a line: its own, that of Go, and what it was built for.
func about() string {
	return fmt.Sprintf("%s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func versionCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of mpgen",
		Example: "  mpgen version\n  mpgen version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			build := struct {
				Version  string `json:"version"`
				Revision string `json:"revision,omitempty"`
				Modified bool   `json:"modified,omitempty"`
				Go       string `json:"go"`
				Platform string `json:"platform"`
			}{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					switch s.Key {
					case "vcs.revision":
						build.Revision = s.Value
					case "vcs.modified":
						build.Modified = s.Value == "true"
					}
				}
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(build)
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "mpgen", about())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print all that is known of the build as JSON")
	return cmd
}
