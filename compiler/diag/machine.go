package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// JSON writes findings for programs: an array, an element for each finding, and [] for none. Places have the names of
// Pos and Span; those of edits are meant for offsets, all of one fix together.
func JSON(w io.Writer, ds []Diagnostic) error {
	type finding struct {
		Code     Code      `json:"code"`
		Severity string    `json:"severity"`
		Message  string    `json:"message"`
		Span     Span      `json:"span"`
		Label    string    `json:"label,omitempty"`
		Related  []Related `json:"related,omitempty"`
		Help     string    `json:"help,omitempty"`
		Fixes    []Fix     `json:"fixes,omitempty"`
	}
	all := make([]finding, 0, len(ds))
	for _, d := range ds {
		all = append(all, finding{d.Code, d.Severity.String(), d.Message, d.Span, d.Label, d.Related, d.Help, d.Fixes})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(all)
}

// GitHub writes findings as workflow commands, which GitHub shows beside the lines of a change.
func GitHub(w io.Writer, ds []Diagnostic) error {
	var b strings.Builder
	for _, d := range ds {
		message := d.Message
		for _, r := range d.Related {
			message += fmt.Sprintf("\n%s%s", place(r.Span), r.Label)
		}
		if d.Help != "" {
			message += "\nhelp: " + d.Help
		}
		fmt.Fprintf(&b, "::%s file=%s", d.Severity, property.Replace(d.Span.File))
		if d.Span.Start.Line > 0 {
			fmt.Fprintf(&b, ",line=%d,endLine=%d,col=%d", d.Span.Start.Line, d.Span.End.Line, d.Span.Start.Column)
			if d.Span.End.Line == d.Span.Start.Line {
				fmt.Fprintf(&b, ",endColumn=%d", d.Span.End.Column)
			}
		}
		fmt.Fprintf(&b, ",title=%s::%s\n", property.Replace(string(d.Code)), content.Replace(message))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// The escapes of workflow commands, for a message and for the value of a property.
var (
	content  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
