package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
)

// Words of the language, as mpgen explain tells of them: what starts a declaration, settings, and the words that settings
// are given. All of it is read off the compiler's tables, as the manual is.

// wordsOf are those words, each once.
func wordsOf() (words []string) {
	add := func(list ...string) {
		for _, w := range list {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	for _, k := range compiler.Keywords() {
		add(k.Word)
	}
	for _, s := range compiler.Settings() {
		if !s.Later {
			add(s.Key)
			add(strings.Fields(s.Words)...)
		}
	}
	return words
}

// titleOf is a line about a word.
func titleOf(word string) string {
	for _, k := range compiler.Keywords() {
		if k.Word == word {
			return k.Doc
		}
	}
	var of []string
	for _, s := range compiler.Settings() {
		if s.Later {
			continue
		}
		if slices.Contains(strings.Fields(s.Words), word) {
			return "what " + s.Key + " may be given"
		}
		if s.Key == word {
			of = append(of, s.Doc)
		}
	}
	return strings.Join(slices.Compact(of), "; or ")
}

// explainWord tells of a word of the language.
func explainWord(out io.Writer, word string) error {
	var b bytes.Buffer
	for _, k := range compiler.Keywords() {
		if k.Word == word {
			fmt.Fprintf(&b, "%s\n    %s\n", wrap(k.Word+": "+k.Doc, 80), k.Example)
			settingsOf(&b, k.Word)
		}
	}
	for _, s := range compiler.Settings() {
		if !s.Later && (s.Key == word || slices.Contains(strings.Fields(s.Words), word)) {
			settingText(&b, s)
		}
	}
	for _, info := range diag.Codes() {
		if strings.EqualFold(info.Name, word) {
			fmt.Fprintf(&b, "\n%s is a finding, too: mpgen explain %s\n", info.Name, info.Code)
		}
	}
	_, err := out.Write(bytes.TrimLeft(b.Bytes(), "\n"))
	return err
}

// settingsOf lists what may stand in the block of a declaration.
func settingsOf(b *bytes.Buffer, keyword string) {
	var rows []compiler.Setting
	widest := 0
	for _, s := range compiler.Settings() {
		if s.IsOf(keyword) && !s.Later && s.Takes != compiler.Nested {
			rows = append(rows, s)
			widest = max(widest, len(s.Path()))
		}
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("\nIts settings:\n\n")
	for _, s := range rows {
		fmt.Fprintf(b, "    %-*s  %s\n", widest, s.Path(), s.Doc)
	}
}

// settingText is a row of the table of settings.
func settingText(b *bytes.Buffer, s compiler.Setting) {
	of := strings.Fields(s.Of)
	if last := len(of) - 1; last > 0 {
		of = append(of[:last-1], of[last-1]+" and "+of[last])
	}
	fmt.Fprintf(b, "\n%s, a setting of %s\n\n%s", s.Path(), strings.Join(of, ", "), indent(wrap(s.Doc, 76)))
	if s.Takes == compiler.Nested {
		b.WriteByte('\n')
		for _, in := range compiler.Settings() {
			if in.In == s.Key && !in.Later {
				fmt.Fprintf(b, "    %-12s%s\n", in.Key, in.Doc)
			}
		}
		return
	}
	fmt.Fprintf(b, "\n    takes    %s\n", s.Form(""))
	switch without := cmp.Or(s.Default, s.None); {
	case s.Must:
		b.WriteString("    must be given\n")
	case without != "":
		fmt.Fprintf(b, "    default  %s\n", without)
	}
}
