package compiler

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mpgen/mpgen/compiler/ir"
)

func quote(name string) string { return strconv.Quote(name) }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// list is "a, b or c".
func list(of []string, last string) string {
	switch len(of) {
	case 0:
		return ""
	case 1:
		return of[0]
	}
	return strings.Join(of[:len(of)-1], ", ") + " " + last + " " + of[len(of)-1]
}

// counted is "1 worker", or "2 workers".
func counted(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return itoa(n) + " " + what
}

// article puts a or an in front of a word of the language.
func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) && !strings.HasPrefix(word, "use") || word == "rlock" || word == "rwlock" {
		return "an " + word
	}
	return "a " + word
}

// articles is "a value, an array or a lock" for keywords separated by blanks.
func articles(kinds string) string {
	var words []string
	for _, k := range gathered(strings.Fields(kinds)) {
		words = append(words, article(k))
	}
	return list(words, "or")
}

// gathered is "shared object" in the place of all the kinds that there are of them.
func gathered(kinds []string) []string {
	if !slices.Contains(kinds, "array") || len(kinds) == 1 {
		return kinds
	}
	return append([]string{"shared object"}, slices.DeleteFunc(slices.Clone(kinds), func(k string) bool {
		return k == "array" || contains(kindWords(), k)
	})...)
}

// typeText is a type as a .mp file writes it.
func typeText(t *ir.Type) string {
	switch t.Kind {
	case ir.File:
		return "file"
	case ir.Block:
		return t.Name
	}
	return spell(t, func(path, name string) string {
		switch path {
		case "":
			return name
		case ir.Runtime:
			return "failed"
		}
		return lastElement(path) + "." + name
	})
}

// wanted is what a setting takes, in words.
func wanted(row *Setting) string {
	var forms []string
	if row.Takes&Count != 0 {
		forms = append(forms, "a number without a unit")
	}
	if row.Takes&Size != 0 {
		forms = append(forms, "a size, as 256MiB")
	}
	if row.Takes&Duration != 0 {
		forms = append(forms, "a duration, as 5s or 1m30s")
	}
	if row.Takes&Word != 0 {
		forms = append(forms, strings.Fields(row.Words)...)
	}
	if row.Takes&Name != 0 {
		forms = append(forms, "the name of "+articles(row.Kinds))
	}
	if row.Takes&Field != 0 {
		forms = append(forms, "the name of a field")
	}
	if row.Takes&Names != 0 {
		forms = append(forms, "names, separated by commas")
	}
	if row.Takes&Text != 0 {
		forms = append(forms, "a string in quotes")
	}
	if row.Takes&Texts != 0 {
		forms = append(forms, "strings in quotes, separated by commas")
	}
	return list(forms, "or")
}

// bounds is the range of a setting, in its unit.
func bounds(row *Setting) (low, high string) {
	text := itoa
	switch {
	case row.Takes&Size != 0:
		text = SizeText
	case row.Takes&Duration != 0:
		text = durationText
	}
	return text(row.Min), text(row.Max)
}
