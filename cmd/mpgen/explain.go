package main

import (
	"fmt"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/spf13/cobra"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain [code]",
		Short:   "Describe a finding by its code, or list all codes",
		Example: "  mpgen explain MP0001\n  mpgen explain",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if len(args) == 0 {
				for _, info := range diag.Codes() {
					fmt.Fprintf(out, "%s  %s\n", info.Code, info.Title)
				}
				return nil
			}
			info, ok := diag.Lookup(diag.Code(strings.ToUpper(args[0])))
			if !ok {
				return fmt.Errorf("no finding has the code %q; mpgen explain lists all", args[0])
			}
			fmt.Fprintf(out, "%s: %s\n\nFor example:\n\n", info.Code, info.Title)
			for line := range strings.Lines(strings.TrimRight(info.Wrong+info.When, "\n") + "\n") {
				if line != "\n" {
					line = "\t" + line
				}
				fmt.Fprint(out, line)
			}
			return nil
		},
	}
}
