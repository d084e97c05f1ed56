package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
	"github.com/spf13/cobra"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain [code or name]",
		Short:   "Describe a finding by its code, wrong and mended, or a word of the language, or list them all",
		Example: "  mpgen explain MP0103\n  mpgen explain undeclared\n  mpgen explain workers\n  mpgen explain",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if len(args) == 0 {
				listCodes(out, diag.Codes())
				listWords(out)
				return nil
			}
			if isWord(args[0]) {
				return explainWord(out, args[0])
			}
			info, err := findCode(args[0])
			if err != nil {
				return err
			}
			return explain(out, info)
		},
	}
}

// listCodes writes a line for each code.
func listCodes(out io.Writer, codes []diag.Info) {
	widest := 0
	for _, info := range codes {
		widest = max(widest, len(info.Name))
	}
	for _, info := range codes {
		fmt.Fprintf(out, "%s  %-*s  %s\n", info.Code, widest, info.Name, info.Title)
	}
}

// listWords writes a line for each word of the language.
func listWords(out io.Writer) {
	fmt.Fprintln(out)
	for _, word := range wordsOf() {
		fmt.Fprintf(out, "%-12s%s\n", word, titleOf(word))
	}
}

// isWord says whether a text is a word of the language as it is written there: a name of a finding starts with a capital
// letter.
func isWord(what string) bool { return slices.Contains(wordsOf(), what) }

// findCode finds a code as MP0103, mp0103 or 103, or by its name in any case.
func findCode(what string) (diag.Info, error) {
	var words []string
	for _, info := range diag.Codes() {
		if strings.EqualFold(what, string(info.Code)) || strings.EqualFold(what, info.Name) {
			return info, nil
		}
		words = append(words, string(info.Code), strings.ToLower(info.Name))
	}
	if n, err := strconv.ParseUint(what, 10, 16); err == nil {
		if code := fmt.Sprintf("MP%04d", n); slices.Contains(words, code) {
			return findCode(code)
		}
	}
	words = append(words, wordsOf()...)
	if near, _ := grammar.Nearest(what, words); near != "" {
		return diag.Info{}, fmt.Errorf("no finding has the code or name %q, nor is it a word of the language; did you mean %s?", what, near)
	}
	return diag.Info{}, fmt.Errorf("no finding has the code or name %q, nor is it a word of the language; mpgen explain lists all", what)
}

// explain shows a code: why, then an example with what mpgen says to it, and the same one mended.
func explain(out io.Writer, info diag.Info) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s: %s\n", info.Code, info.Name, info.Title)
	for _, text := range []string{info.Text, info.When} {
		if text != "" {
			fmt.Fprintf(&b, "\n%s", wrap(text, 80))
		}
	}
	if info.Wrong != "" {
		says, find := "check", compiler.Check
		if info.Vet {
			says, find = "vet", compiler.Vet
		}
		found, mended, err := findExample(diag.Files(info.Wrong), find, wantsColor(out))
		if err != nil {
			return err
		}
		right := "Right:"
		if slices.EqualFunc(mended, diag.Files(info.Right), func(a, b diag.File) bool { return a.Name == b.Name && bytes.Equal(a.Text, b.Text) }) {
			right = "Right, as mpgen check --fix writes it:"
		}
		fmt.Fprintf(&b, "\nWrong:\n\n%s\nmpgen %s says:\n\n%s\n%s\n\n%s", indent(info.Wrong), says, indent(found), right, indent(info.Right))
	}
	_, err := out.Write(b.Bytes())
	return err
}

// findExample is what the compiler says to an example, and what its fixes make of it. Go files of it stand in a folder for a moment, as the compiler
// reads those itself.
func findExample(files []diag.File, find func(compiler.Input) []diag.Diagnostic, color bool) (told string, mended []diag.File, err error) {
	in := compiler.Input{ImportPath: "example.com/example", Version: version}
	texts := map[string][]byte{}
	for _, f := range files {
		texts[f.Name] = f.Text
		if filepath.Ext(f.Name) == ".mp" {
			in.Sources = append(in.Sources, compiler.Source{Name: f.Name, Text: f.Text})
			continue
		}
		if in.Dir == "" {
			dir, err := os.MkdirTemp("", "mpgen-explain-")
			if err != nil {
				return "", nil, err
			}
			defer os.RemoveAll(dir)
			in.Dir = dir
		}
		file := filepath.Join(in.Dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(file, f.Text, 0o644); err != nil {
			return "", nil, err
		}
	}
	found := find(in)
	source := func(file string) []byte { return texts[file] }
	changed, _ := diag.Apply(found, source)
	for _, f := range files {
		if text, ok := changed[f.Name]; ok {
			f.Text = text
		}
		mended = append(mended, f)
	}
	var b bytes.Buffer
	err = diag.Text(&b, found, diag.Style{Color: color, NoHint: true, Source: source})
	return b.String(), mended, err
}

// indent puts four spaces before each line that is not empty.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(strings.ReplaceAll(line, "\t", "    "))
	}
	return b.String()
}

// wrap breaks a paragraph into lines of at most so many columns, where its words allow that.
func wrap(text string, columns int) string {
	var b strings.Builder
	at := 0
	for _, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case at == 0:
		case at+1+n > columns:
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	b.WriteByte('\n')
	return b.String()
}
