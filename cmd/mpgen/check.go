package main

import (
	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/spf13/cobra"
)

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [path ...]",
		Short: "Report what is wrong in .mp files, and write nothing",
		Long:  "check finds what generate would find. Paths are those of generate.",
		Example: "  mpgen check\n  mpgen check ./...\n  mpgen check --format=json pipeline.mp   # for an editor\n" +
			"  mpgen check --format=github ./...       # beside the lines of a pull request",
	}
	all := newFindings(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		folders, err := findFolders(args)
		if err != nil {
			return err
		}
		for _, f := range folders {
			if f.orphaned() {
				all.add(f, diag.OrphanFile(f.file(compiler.FileName)))
				continue
			}
			all.add(f, compiler.Check(f.input)...)
		}
		return all.print(cmd)
	}
	return cmd
}
