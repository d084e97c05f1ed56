package grammar

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// candidates are the tokens that may be wanted somewhere, in the order in which a message names them.
var candidates = []lexer.Token{
	{Type: tokIdent, Value: "name"},
	{Type: tokNumber, Value: "0"},
	{Type: tokString, Value: `""`},
	{Type: tokKeyword, Value: "map"},
	{Type: tokKeyword, Value: "func"},
	{Type: tokSign, Value: "*"},
	{Type: tokSign, Value: "("},
	{Type: tokSign, Value: ")"},
	{Type: tokSign, Value: "["},
	{Type: tokSign, Value: "]"},
	{Type: tokSign, Value: "="},
	{Type: tokArrow, Value: "->"},
	{Type: tokSign, Value: ","},
	{Type: tokSign, Value: "{"},
	{Type: tokSign, Value: "}"},
	{Type: tokSemi, Value: "\n"},
}

// unexpected words the mistake at token at, in the line of the top level that starts at token start.
func (p *parser) unexpected(parse production, start, at int) Error {
	if comma := p.dangling(start, at); comma >= 0 {
		e := Error{Span: p.span(comma), Code: Unexpected, Msg: `unexpected "," at the end of the line`,
			Help: "the line below reads as one more value; remove the comma, or write the value behind it"}
		if t := p.toks[p.before(comma)].Type; t == tokNumber || t == tokString { // of which there is one
			e.Help, e.Fixes = "lines have no sign between them; remove it", []Fix{p.without(comma)}
		}
		return e
	}
	if e, ok := p.mistaken(start, at); ok {
		return e
	}
	t := p.toks[at]
	e := Error{Span: p.span(at), Code: Unexpected, Msg: p.found(at)}
	want := p.wanted(parse, start, at)
	words := p.phrase(want, start, at)
	if t.Type == tokKeyword && want["name"] && !strings.HasPrefix(words, "a type") {
		e.Code = ReservedWord
		e.Msg = fmt.Sprintf("%q is a keyword of Go and cannot be a name", t.Value)
		e.Help = "each name becomes a name in Go; choose another"
		return e
	}
	if words != "" {
		e.Msg += ", want " + words
	}
	p.hint(&e, start, at, want)
	return e
}

// mistaken finds a word before token at that was taken for a name, so that at stands where it can't: a keyword written
// twice, of which the second one became a name; or a misspelt map, which became a type.
func (p *parser) mistaken(start, at int) (Error, bool) {
	word := p.toks[start].Value
	again := p.visible(start + 1)
	next := p.toks[p.visible(min(again+1, at))] // at may be the end
	if again < at && p.toks[again].Value == word && next.Type == tokIdent && next.Pos.Line == p.toks[start].Pos.Line && p.container(start, at) < 0 {
		span := p.span(again)
		gap := Span{span.Pos, next.Pos}
		return Error{Span: span, Code: Unexpected, Msg: strconv.Quote(word) + " stands here twice, want it once", Label: "again",
			Fixes: []Fix{{fmt.Sprintf("remove the second %q", word), []Edit{{gap, ""}}}}}, true
	}
	for i := p.before(at); i > start && i >= at-8; i = p.before(i) {
		if p.toks[i].Value != "]" || p.match[i] < 0 || p.before(p.match[i]) <= start {
			continue
		}
		name := p.before(p.match[i])
		if t := p.toks[name]; t.Type == tokIdent {
			if near, _ := Nearest(t.Value, []string{"map"}); near != "" && t.Value != near {
				return Error{Span: p.span(name), Code: Unexpected, Msg: p.found(name) + " before brackets", Help: `did you mean "map"?`,
					Fixes: []Fix{change(p.span(name), t.Value, near)}}, true
			}
		}
	}
	return Error{}, false
}

// dangling finds the comma that ends the line above in a block, if token at is wrong because what stands before it on its
// own line was taken for one more value; or -1.
func (p *parser) dangling(start, at int) int {
	if p.container(start, at) < 0 {
		return -1
	}
	word := p.before(at)
	comma := p.before(word)
	if comma > start && p.toks[comma].Value == "," && p.toks[comma].Pos.Line < p.toks[word].Pos.Line && p.toks[word].Type == tokIdent {
		return comma
	}
	return -1
}

// before is the last token before i that the parser sees, or the first token.
func (b *brackets) before(i int) int {
	for i--; i > 0 && elided(b.toks[i]); i-- {
	}
	return max(i, 0)
}

// wanted returns the values of the candidates that the grammar takes in the place of token at.
func (p *parser) wanted(parse production, start, at int) map[string]bool {
	before := p.prefix(start, at)
	want := map[string]bool{}
	for _, c := range candidates {
		c.Pos = p.toks[at].Pos
		c.Pos.Filename = "\x00candidate" // tells the candidate from all other tokens, whatever their place
		end := lexer.EOFToken(c.Pos)
		end.Pos.Filename = ""
		want[c.Value] = accepts(parse, append(slices.Clip(before), c, end), c.Pos.Filename)
	}
	return want
}

// accepts reports whether a parse of the tokens goes past the one whose file name is given.
func accepts(parse production, toks []lexer.Token, mark string) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := parse(peeking(toks))
	var at participle.Error
	return !errors.As(err, &at) || at.Position().Filename != mark
}

// prefix is the line up to token at, without the items before it in the same braces: they decide nothing.
func (p *parser) prefix(start, at int) []lexer.Token {
	var open []int
	for c := p.container(start, at); c >= 0; c = p.container(start, c) {
		open = append(open, c)
	}
	slices.Reverse(open)
	var toks []lexer.Token
	from := start
	for i, c := range open {
		toks = append(toks, p.toks[from:c+1]...)
		inner := at
		if i+1 < len(open) {
			inner = open[i+1]
		}
		from, _ = p.item(c, inner)
	}
	return append(toks, p.toks[from:at]...)
}

// phrase names what was wanted in the words of the language.
func (p *parser) phrase(want map[string]bool, start, at int) string {
	var words []string
	all := func(word string, values ...string) {
		if slices.ContainsFunc(values, func(v string) bool { return !want[v] }) {
			return
		}
		words = append(words, word)
		for _, v := range values {
			want[v] = false
		}
	}
	want = maps.Clone(want)
	end := want["\n"]
	all("a type", "name", "[", "*", "map")
	all("a value", "name", "0", `""`)
	all("a setting", "name", "func")
	all("an import", "name", `""`)
	switch c := p.container(start, at); {
	case c >= 0 && p.toks[start].Value == "struct" && p.atItem(c, at):
		all("a field", "name")
	default:
		all("a name", "name")
	}
	all("a number", "0")
	all("a string", `""`)
	if end {
		want["}"] = false // the next line may bring it
	}
	if !want["("] && (end || want[")"] || want[","]) {
		want["["] = false // it would only make more of the type before
	}
	for _, c := range candidates {
		if want[c.Value] && c.Value != "\n" {
			words = append(words, strconv.Quote(c.Value))
		}
	}
	if end && p.container(start, at) >= 0 && p.toks[at].Value != "\n" {
		words = append(words, strconv.Quote(";"))
	}
	if end {
		words = append(words, "the end of the line")
	}
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}

// atItem reports whether token at starts an item of container c.
func (p *parser) atItem(c, at int) bool {
	from, _ := p.item(c, at)
	return p.visible(from) == at
}

// found says what stands at token i.
func (p *parser) found(i int) string {
	t := p.toks[i]
	switch {
	case t.EOF():
		return "unexpected end of file"
	case t.Value == "\n":
		return "unexpected end of the line"
	case t.Type == tokClosing:
		return "unexpected end of the block"
	case t.Type == tokString:
		return "unexpected string " + t.Value
	}
	return "unexpected " + strconv.Quote(t.Value)
}

// span is the place of token i, up to the raw token behind it: the end of a line or file, and what was put in, has no width.
func (p *parser) span(i int) Span {
	return Span{p.toks[i].Pos, p.toks[min(i+1, len(p.toks)-1)].Pos}
}
