package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// TestTheManualHasEveryCommand holds docs/command.md to the commands: a section for each, with its usage and its flags,
// and no others. --format and --color are told once for all.
func TestTheManualHasEveryCommand(t *testing.T) {
	page, err := os.ReadFile("../../docs/command.md")
	require.NoError(t, err)
	sections := map[string]string{}
	for _, s := range strings.Split(string(page), "\n## mpgen ")[1:] {
		name, text, _ := strings.Cut(s, "\n")
		sections[name] = text
	}
	root := command()
	root.InitDefaultCompletionCmd()
	var commands []string
	for _, cmd := range root.Commands() {
		if !cmd.IsAvailableCommand() || cmd.Name() == "help" {
			continue
		}
		commands = append(commands, cmd.Name())
		section, ok := sections[cmd.Name()]
		require.True(t, ok, "docs/command.md has no section \"## mpgen %s\"", cmd.Name())
		if cmd.Name() != "completion" {
			require.Contains(t, section, "`mpgen "+cmd.Use, "the usage of %s", cmd.Name())
		}
		require.Contains(t, string(page), "(#mpgen-"+cmd.Name()+")", "the list at the top")
		require.ElementsMatch(t, flagsOf(cmd), flagsIn(section), "the flags of %s", cmd.Name())
	}
	require.Len(t, sections, len(commands), "a section of docs/command.md is of no command")
}

func flagsOf(cmd *cobra.Command) (list []string) {
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "format" && f.Name != "color" && f.Name != "help" {
			list = append(list, f.Name)
		}
	})
	return list
}

// flagsIn are the flags that a text names with two dashes, each once.
func flagsIn(text string) (list []string) {
	for _, m := range regexp.MustCompile("--([a-z]+)").FindAllStringSubmatch(text, -1) {
		if f := m[1]; f != "format" && f != "color" && f != "help" && !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	return list
}
