package main

import (
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/spf13/cobra"
)

// Completion is Cobra's own: mpgen completion SHELL prints a script, which asks the command at each tab. What it can't know
// is here: what the arguments are.

// complete gives each command what its arguments are, by the words that its usage line has for them.
func complete(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		switch {
		case cmd.ValidArgsFunction != nil:
		case strings.Contains(cmd.Use, "path"):
			cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
				return []string{"mp"}, cobra.ShellCompDirectiveFilterFileExt // and folders
			}
		case strings.Contains(cmd.Use, "folder"):
			cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
				if len(args) > 0 {
					return nil, cobra.ShellCompDirectiveDefault // arguments of a program that runs
				}
				return nil, cobra.ShellCompDirectiveFilterDirs
			}
		case strings.Contains(cmd.Use, "code"):
			cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
				if len(args) > 0 {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
				return append(codesLike(typed), wordsLike(typed)...), cobra.ShellCompDirectiveNoFileComp
			}
		default:
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
}

// codesLike are the codes of findings that start like typed, or their names.
func codesLike(typed string) (list []cobra.Completion) {
	for _, info := range diag.Codes() {
		for _, word := range []string{string(info.Code), info.Name} {
			if typed != "" && len(word) >= len(typed) && strings.EqualFold(word[:len(typed)], typed) ||
				typed == "" && word == string(info.Code) {
				list = append(list, cobra.CompletionWithDesc(word, info.Title))
			}
		}
	}
	return list
}

// wordsLike are the words of the language that start like typed.
func wordsLike(typed string) (list []cobra.Completion) {
	for _, word := range wordsOf() {
		if strings.HasPrefix(word, typed) {
			list = append(list, cobra.CompletionWithDesc(word, titleOf(word)))
		}
	}
	return list
}
