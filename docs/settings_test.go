package docs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler"
)

// TestTheTableOfSettingsIsTheCompilers makes the table of language.md from the one that the
// compiler itself uses; go test ./docs -update writes it.
func TestTheTableOfSettingsIsTheCompilers(t *testing.T) {
	madeOf(t, "language.md", "settings", settingsTable())
}

// kinds are the declarations of this version that have settings.
var kinds = []string{"queue", "pipe", "value", "array", "dict", "list", "set", "blocks", "semaphore", "barrier", "process", "pool", "service"}

func settingsTable() string {
	var b strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&b, "\n**%s**\n\n| setting | takes | default | |\n|---|---|---|---|\n", kind)
		for _, s := range compiler.Settings() {
			if s.Later || s.Takes == compiler.Nested || !has(s.Of, kind) {
				continue
			}
			key := s.Key
			if s.In != "" {
				key = s.In + " { " + key + " }"
			}
			byDefault := s.Default
			if s.Must {
				byDefault = "must be given"
			} else if byDefault != "" {
				byDefault = "`" + byDefault + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key, takes(s), byDefault, s.Doc)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func has(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// takes is what may stand behind a setting, with its range.
func takes(s compiler.Setting) string {
	var forms []string
	for w := range strings.FieldsSeq(s.Words) {
		forms = append(forms, "`"+w+"`")
	}
	for _, f := range []struct {
		bit  compiler.Takes
		form string
	}{
		{compiler.Count, "a count, " + ranged(s.Min, s.Max, countText)},
		{compiler.Size, "a size, " + ranged(s.Min, s.Max, sizeText)},
		{compiler.Duration, "a duration, " + ranged(s.Min, s.Max, durationText)},
		{compiler.Names, "names"},
		{compiler.Name, "a " + strings.Join(strings.Fields(s.Kinds), ", ")},
		{compiler.Field, "a field"},
		{compiler.Text, "a string"},
		{compiler.Texts, "strings"},
		{compiler.Nothing, "nothing"},
	} {
		if s.Takes&f.bit != 0 {
			forms = append(forms, f.form)
		}
	}
	return strings.Join(forms, " or ")
}

func ranged(low, high int64, text func(int64) string) string {
	return text(low) + " to " + text(high)
}

func countText(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func sizeText(n int64) string {
	units, i := []string{"B", "KiB", "MiB", "GiB", "TiB"}, 0
	for n >= 1024 && n%1024 == 0 && i < len(units)-1 {
		n, i = n/1024, i+1
	}
	return fmt.Sprint(n, units[i])
}

func durationText(n int64) string {
	switch {
	case n%3600e9 == 0:
		return fmt.Sprint(n/3600e9, "h")
	case n%1e9 == 0:
		return fmt.Sprint(n/1e9, "s")
	}
	return fmt.Sprint(n/1e6, "ms")
}

// TestTheManualHasAllKindsOfSharedObjects looks for the keyword and the handle of each.
func TestTheManualHasAllKindsOfSharedObjects(t *testing.T) {
	text, err := os.ReadFile("language.md")
	require.NoError(t, err)
	for _, k := range compiler.Kinds() {
		require.Regexp(t, "(?m)^\\| `"+k.Keyword+"`.*`\\*mp\\."+k.Handle+"[`[]", string(text), k.Keyword)
	}
}
