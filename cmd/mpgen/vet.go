package main

import (
	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/spf13/cobra"
)

func vetCommand() *cobra.Command {
	list := false
	cmd := &cobra.Command{
		Use:   "vet [path ...]",
		Short: "Ask about what is right in .mp files and may be unwise",
		Long: "vet looks for what check lets through and a reviewer would ask about, by rules: --list names them, and\n" +
			"mpgen explain RULE tells of one with an example. Paths are those of generate. It writes nothing.\n\n" +
			"A comment //mpgen:ignore RULE REASON, above or behind a declaration or a setting, says that it is meant.\n\n" +
			"For the Go functions there are analyzers in mpgen too: go vet -vettool=$(go tool -n mpgen) ./...",
		Example: "  mpgen vet\n  mpgen vet ./...\n  mpgen vet --list\n  mpgen vet --format=github ./...   # beside the lines of a pull request",
	}
	found := newFindings(cmd)
	cmd.Flags().BoolVar(&list, "list", false, "name the rules")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if list {
			listCodes(cmd.OutOrStdout(), compiler.Rules())
			return nil
		}
		folders, err := findFolders(args)
		if err != nil {
			return err
		}
		for _, f := range folders {
			if f.orphaned() {
				found.add(f, diag.OrphanFile(f.file(compiler.FileName)))
				continue
			}
			found.add(f, compiler.Vet(f.input)...)
		}
		if err := found.print(cmd); err != nil {
			return err
		}
		if len(found.list) > 0 {
			return exit(exitFindings)
		}
		return nil
	}
	return cmd
}
