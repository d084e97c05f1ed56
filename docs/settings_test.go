package docs

import (
	"cmp"
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
			if s.Later || s.Takes == compiler.Nested || !s.IsOf(kind) {
				continue
			}
			byDefault := cmp.Or(s.Default, s.None)
			if s.Must {
				byDefault = "must be given"
			} else if byDefault != "" {
				byDefault = "`" + byDefault + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Path(), s.Form("`"), byDefault, s.Doc)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// TestTheManualHasAllKindsOfSharedObjects looks for the keyword and the handle of each.
func TestTheManualHasAllKindsOfSharedObjects(t *testing.T) {
	text, err := os.ReadFile("language.md")
	require.NoError(t, err)
	for _, k := range compiler.Kinds() {
		require.Regexp(t, "(?m)^\\| `"+k.Keyword+"`.*`\\*mp\\."+k.Handle+"[`[]", string(text), k.Keyword)
	}
}
