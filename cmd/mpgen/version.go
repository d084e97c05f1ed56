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

func versionCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of mpgen",
		Example: "  mpgen version\n  mpgen version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			about := struct {
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
						about.Revision = s.Value
					case "vcs.modified":
						about.Modified = s.Value == "true"
					}
				}
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(about)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "mpgen %s %s %s\n", about.Version, about.Go, about.Platform)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print all that is known of the build as JSON")
	return cmd
}
