package grammar

import (
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// Format returns the text of a file in its canonical form, of which testdata/canonical.mp shows every rule. A file with
// syntax errors is refused with them.
//
// The form has no options. What the author decides is what tells readers something: blank lines, one at most; whether a
// block or a parameter list stands on one line or is opened up; where a long list is broken behind a "," or "->". All else
// is fixed. Formatting the result again gives the same bytes; both texts have the same tree, but for the order of imports,
// and the same comments.
//
// The tree says what may stand in each gap between two tokens: nothing, a space, a new column, a new line. The tokens
// themselves come from the text, and with them the comments, which are no part of the grammar: each is printed in the gap
// in which it was found. So none can be lost or leave its place, also where no node could hold it.
func Format(filename string, src []byte) ([]byte, []Error) {
	parsed := parse(filename, src)
	if len(parsed.errs) > 0 {
		return nil, parsed.errs
	}
	p := &printer{elems: elements(parsed.toks)}
	p.file(parsed.file)
	return render(p.lines), nil
}

// element is a token or a comment of the text.
type element struct {
	text    string
	kind    lexer.TokenType
	newline int // line ends in the space before it
}

func (e element) comment() bool   { return e.kind == tokComment }
func (e element) separates() bool { return e.kind == tokSemi || e.text == "," }
func (e element) opens() bool     { return e.kind == tokSign && strings.Contains("([{", e.text) }
func (e element) closes() bool {
	return e.kind == tokSign && strings.Contains(")]}", e.text) || e.kind == lexer.EOF
}

// toEnd reports whether only a new line can follow.
func (e element) toEnd() bool { return e.comment() && strings.HasPrefix(e.text, "//") }

// elements are the tokens that somebody wrote, without the space between them, and with the ends of lines that they
// contain as "\n" alone.
func elements(toks []lexer.Token) []element {
	var elems []element
	newline := 1 // the file starts a line
	for _, t := range toks {
		switch {
		case t.Type == tokSpace:
			newline += strings.Count(t.Value, "\n")
			continue
		case t.Type == tokSemi && t.Value == "\n":
			continue
		case t.Type == tokComment:
			t.Value = trimLines(t.Value)
		case t.Type == tokString && t.Value[0] == '`':
			t.Value = strings.ReplaceAll(t.Value, "\r", "") // where they mean nothing, as in Go
		}
		elems = append(elems, element{t.Value, t.Type, newline})
		newline = 0
	}
	return elems
}

// trimLines takes away the space at the ends of a comment's lines.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t\r")
	}
	return strings.Join(lines, "\n")
}
