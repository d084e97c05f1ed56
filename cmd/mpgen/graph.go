package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/draw"
	"github.com/spf13/cobra"
)

// drawings are the forms that a graph can have, with the endings of their files.
var drawings = []struct {
	format, endings string
	draw            func(*draw.Graph) []byte
}{
	{"svg", ".svg", (*draw.Graph).SVG},
	{"dot", ".dot .gv", (*draw.Graph).DOT},
	{"mermaid", ".mmd .mermaid", (*draw.Graph).Mermaid},
	{"json", ".json", (*draw.Graph).JSON},
}

func graphCommand() *cobra.Command {
	var format, output string
	cmd := &cobra.Command{
		Use:   "graph [path]",
		Short: "Draw a pipeline",
		Long: "graph draws the pipeline of a folder: its processes, pools and services, its queues, what they share, and the\n" +
			"program itself where it has a part. It draws what generate would accept, whatever the Go functions look like.",
		Example: "  mpgen graph > pipeline.svg\n  mpgen graph -o docs/pipeline.svg ./jobs\n  mpgen graph --format=mermaid   # for a block in Markdown\n" +
			"  mpgen graph --format=dot | dot -Tpng > pipeline.png",
		Args: cobra.MaximumNArgs(1),
	}
	var names, endings []string
	for _, d := range drawings {
		names = append(names, d.format)
		endings = append(endings, strings.Fields(d.endings)...)
	}
	cmd.Flags().StringVar(&format, "format", "", "svg, dot, mermaid or json; the default is what the file of --output ends with, or svg")
	cmd.Flags().StringVarP(&output, "output", "o", "", "the file to write instead of standard output")
	cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ending := filepath.Ext(output)
		picked, known := drawings[0], format == "" && ending == ""
		for _, d := range drawings {
			if d.format == format || format == "" && slices.Contains(strings.Fields(d.endings), ending) {
				picked, known = d, true
			}
		}
		switch {
		case !known && format == "":
			return fmt.Errorf("%q tells no format: end it with %s, or give --format", output, strings.Join(endings, ", "))
		case !known:
			return fmt.Errorf("unknown format %q, want svg, dot, mermaid or json", format)
		}
		folders, err := findFolders(args)
		if err != nil {
			return err
		}
		if len(folders) > 1 {
			return fmt.Errorf("graph is for one folder, found %d", len(folders))
		}
		f := folders[0]
		if f.orphaned() {
			return fmt.Errorf("no .mp files in %q", f.shown)
		}
		p, found := compiler.Lower(f.input)
		if p == nil {
			told := plainFindings()
			told.add(f, found...)
			return told.print(cmd)
		}
		text := picked.draw(draw.Of(p))
		if output == "" {
			_, err = cmd.OutOrStdout().Write(text)
			return err
		}
		return writeFile(output, text)
	}
	return cmd
}
