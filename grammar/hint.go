package grammar

import (
	"fmt"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// place is a token at which the grammar stopped, with what stands around it: enough to guess what somebody meant who
// knows another language better.
type place struct {
	*parser
	start, at    int // the first token of the line of the top level, and the wrong one
	before, next int // the tokens that the parser sees around it
	word         string
	t            lexer.Token
	decl         string // the keyword of the line
	block        int    // the braces around it, or -1
	wantsType    bool
	want         map[string]bool
}

// hints say what to do about one kind of error, and report whether it was one. The first that knows the place is asked.
var hints = []func(p *place, e *Error) bool{
	(*place).closing, (*place).variables, (*place).warmth, (*place).types, (*place).result,
	(*place).heads, (*place).flows, (*place).fields, (*place).settings,
}

// hint adds to an error what to do about it, and mends it where that is certain.
func (p *parser) hint(e *Error, start, at int, want map[string]bool) {
	pl := &place{parser: p, start: start, at: at, before: p.before(at), next: p.visible(min(at+1, len(p.toks)-1)), t: p.toks[at],
		word: p.toks[at].Value, decl: p.toks[start].Value, block: p.container(start, at), want: want}
	pl.wantsType = want["name"] && want["["] && want["*"] && want["map"]
	for _, hint := range hints {
		if hint(pl, e) {
			return
		}
	}
}

// closing is about brackets that close nothing, or are not closed.
func (p *place) closing(e *Error) bool {
	switch {
	case p.t.Type == tokSign && strings.Contains(")]}", p.word) && p.match[p.at] < 0:
		e.Help = fmt.Sprintf("this %q closes nothing; remove it, or open what it closes", p.word)
	case p.word == "}" && p.match[p.at] > p.start && p.toks[p.before].Value == "," && !p.declaresType():
		e.Span = Span{p.toks[p.before].Pos, p.end(p.before)}
		e.Msg = `unexpected "," at the end of the block`
		e.Help = "nothing follows it; remove it"
		e.Fixes = []Fix{p.without(p.before)}
	case p.word == "\n" && p.toks[p.next].Value == ")" && p.match[p.next] > p.start && p.match[p.next] < p.at && p.want[")"]:
		e.Help = `the ")" stands on the same line as what is before it`
		if p.blank(p.at, p.next) {
			e.Fixes = []Fix{{`put the ")" on the same line`, []Edit{{Span{p.t.Pos, p.toks[p.next].Pos}, ""}}}}
		}
	case p.word == "\n" && p.toks[p.next].Value == "{":
		e.Help = `the "{" stands on the same line`
		if p.blank(p.at, p.next) {
			e.Fixes = []Fix{{`put the "{" on the same line`, []Edit{{Span{p.t.Pos, p.toks[p.next+1].Pos}, " {"}}}}
		}
	default:
		for i := p.at - 1; i > p.start; i-- {
			if v := p.toks[i].Value; p.toks[i].Type == tokSign && (v == "(" || v == "[") && p.match[i] < 0 {
				e.Notes = append(e.Notes, Note{p.span(i), fmt.Sprintf("this %q is not closed", v)})
				e.Help = fmt.Sprintf("write %q where it ends", map[string]string{"(": ")", "[": "]"}[v])
				return true
			}
		}
		return false
	}
	return true
}

// noTypes are words that a type of Go starts with, and none of a .mp file, with what to do.
var noTypes = map[string]string{
	"chan":      "a channel stays in its process; declare a queue, which processes send to and receive from",
	"func":      "a function stays in its process; declare a pool or a service, which others call",
	"interface": "an interface could hold anything, which can't be sent; declare a struct of what it holds",
	"struct":    "a struct has a name; declare it outside and write its name here",
}

// types is about what other languages write for a type.
func (p *place) types(e *Error) bool {
	open := p.parent[p.at]
	if p.word == "]" {
		open = p.match[p.at]
	}
	bracket := open > p.start && p.toks[open].Value == "["
	switch {
	case p.wantsType && noTypes[p.word] != "":
		e.Help = noTypes[p.word]
	case bracket && p.before == open && (p.word == "]" || p.t.Type == tokNumber && p.toks[p.next].Value == "]") && p.toks[p.before-1].Type == tokIdent:
		// words string[] and sums uint32[256]
		size, name := "[]", p.toks[p.before-1]
		end := p.match[open]
		if p.word != "]" {
			size = "[" + p.word + "]"
		}
		e.Span = Span{p.toks[open].Pos, p.toks[end+1].Pos}
		e.Msg = fmt.Sprintf("unexpected %q behind the type %q", size, name.Value)
		e.Help = "the brackets stand before the type: " + size + name.Value
		e.Fixes = []Fix{{"write " + size + name.Value, []Edit{{Span{name.Pos, p.toks[end+1].Pos}, size + name.Value}}}}
	case bracket && p.word == "," && p.toks[p.visible(p.start)].Value != "" && p.toks[p.before].Type == tokIdent && open > 0 && p.toks[p.parser.before(open)].Value == "map":
		e.Help = "a map is written map[K]V"
		if end := p.match[open]; p.toks[p.next].Type == tokIdent && p.visible(p.next+1) == end {
			of := "]" + p.toks[p.next].Value
			e.Fixes = []Fix{{"write " + "map[" + p.toks[p.before].Value + of, []Edit{{Span{p.t.Pos, p.toks[end+1].Pos}, of}}}}
		}
	case p.wantsType && (p.word == "\n" || p.word == "}" || p.word == ")" || p.word == "{" || p.word == "," || p.word == "="):
		p.missingType(e)
	default:
		return false
	}
	return true
}

// missingType says by example what has no type.
func (p *place) missingType(e *Error) {
	name := p.toks[p.before].Value
	if p.toks[p.before].Type != tokIdent {
		return
	}
	switch {
	case p.parent[p.at] > p.start && p.toks[p.parent[p.at]].Value == "(" || p.match[p.at] > p.start && p.word == ")":
		e.Help = fmt.Sprintf("each parameter has a name and a type, as in \"%s int\"", name)
		if p.decl == "process" && p.block < 0 {
			e.Help += fmt.Sprintf("; queues are named in its block, as in { receive %s }", name)
		}
	case p.block >= 0 && p.decl == "struct":
		e.Help = fmt.Sprintf("each field has a name and a type, as in \"%s string\"", name)
	case p.block < 0 && p.decl == "array":
		e.Help = fmt.Sprintf("write the type of it, as in \"array %s [256]uint32\"", name)
	case p.block < 0:
		e.Help = fmt.Sprintf("write the type of what it holds, as in \"%s %s string\"", p.decl, name)
	}
}

// result is about what stands behind the parameters of processes, pools and funcs.
func (p *place) result(e *Error) bool {
	function := p.decl == "pool" || p.decl == "service"
	switch {
	case p.word == "->" && function:
		e.Help = "the result stands behind the parameters, without an arrow"
		e.Fixes = []Fix{{`remove "->"`, []Edit{{Span{p.t.Pos, p.toks[p.next].Pos}, ""}}}}
	case p.word == "(" && function && p.toks[p.before].Value == ")":
		e.Help = "there is one result, and an error comes with it by itself; for several, declare a struct of them"
		end := p.match[p.at]
		if end < 0 {
			break
		}
		comma := p.parser.before(p.parser.before(end))
		if p.toks[p.parser.before(end)].Value == "error" && p.toks[comma].Value == "," && p.parser.before(comma) > p.at {
			e.Fixes = []Fix{{"leave out the error, which comes by itself",
				[]Edit{{Span{p.t.Pos, p.toks[p.at+1].Pos}, ""}, {Span{p.toks[comma].Pos, p.toks[end+1].Pos}, ""}}}}
		}
	case p.word == "->" && p.decl == "process" && p.block < 0:
		e.Help = "a process names the queues that it sends to in its block, as in { send results }"
	case p.decl == "process" && p.block < 0 && p.t.Type == tokIdent && p.toks[p.before].Value == ")":
		e.Help = "a process has no result; its Go function returns an error by itself"
		if p.word == "error" {
			e.Fixes = []Fix{{"leave out the error, which comes by itself", []Edit{{Span{p.end(p.before), p.end(p.at)}, ""}}}}
		}
	case p.word == "{" && p.decl == "service" && p.block >= 0 && p.toks[p.itemStart()].Value == "func":
		e.Help = "only the head of a func stands here; its body is Go code, in a .go file"
	default:
		return false
	}
	return true
}

// headSigns are what no head of a declaration has, by its keyword and the sign, with what to write; NAME is its name.
var headSigns = map[string]string{
	"pool [":    "the number of its workers is a setting of a pool: { workers 4 }",
	"process [": "the brackets stand right behind the name: process NAME[4]",
	"struct (":  "the parts of struct stand in braces: { … }",
	"enum (":    "the parts of enum stand in braces: { … }",
	"value =":   "it starts as zero; let the program store what it is to be",
	"array =":   "it starts as zero; let the program store what it is to be",
}

// heads is about what stands between the keyword of a declaration and its block.
func (p *place) heads(e *Error) bool {
	name := p.toks[p.visible(p.start+1)].Value
	switch {
	case p.block >= 0:
		return false
	case p.decl == "import" && p.word == "\n" && p.parser.before(p.before) == p.start && p.toks[p.before].Type == tokIdent:
		word := p.toks[p.before]
		e.Span = Span{word.Pos, p.end(p.before)}
		e.Msg = fmt.Sprintf("unexpected %q, want a string", word.Value)
		e.Help = fmt.Sprintf("the path of a package stands in quotes: import %q", word.Value)
		e.Fixes = []Fix{{"write it in quotes", []Edit{{e.Span, `"` + word.Value + `"`}}}}
	case p.want["\n"] && isKeyword(p.word) && p.toks[p.next].Type == tokIdent && p.t.Pos.Line == p.toks[p.before].Pos.Line:
		e.Help = "each declaration starts on a line of its own"
		e.Fixes = []Fix{{fmt.Sprintf("start a line with %q", p.word), []Edit{{Span{p.end(p.before), p.t.Pos}, "\n"}}}}
	case p.word == "=" && p.toks[p.before].Value == "}" && (p.decl == "pool" || p.decl == "process" || p.decl == "service"):
		e.Help = "the function that it is bound to stands before the block"
		p.bindFirst(e)
	case p.decl == "process" && p.t.Type == tokIdent && p.toks[p.before].Value == "[" && p.before == p.parser.before(p.at) && p.parser.before(p.before) > p.start:
		e.Help = fmt.Sprintf("the number of processes is written out, as in %s[4]; [] is for those that the program starts when it wants", name)
	case headSigns[p.decl+" "+p.word] != "":
		e.Help = strings.ReplaceAll(headSigns[p.decl+" "+p.word], "NAME", name)
	case p.decl == "pool" && p.want["("] && p.at > p.start+1:
		e.Help = fmt.Sprintf("a pool has parameters in parentheses, as in \"pool %s(n int) int\"", name)
	case p.decl == "service" && p.want["{"] && p.word == "\n":
		e.Help = fmt.Sprintf("a service has a block with its funcs, as in \"service %s { func get(key string) string }\"", name)
	case p.word == "=" && p.want["{"]:
		e.Help = "settings stand in braces, without a sign: { capacity 1024 }"
	case p.word == "(" && p.want["{"] && !p.want["("]:
		e.Help = "settings stand in braces: { … }"
		if end := p.match[p.at]; end >= 0 && p.toks[p.next].Type == tokIdent && (p.decl == "queue" || p.decl == "value") {
			e.Fixes = []Fix{{"write braces for parentheses", []Edit{{p.span(p.at), "{ "}, {Span{p.toks[end].Pos, p.end(end)}, " }"}}}}
		}
	case p.t.Type == tokIdent && p.want["{"] && !p.declaresType() &&
		(p.toks[p.next].Type == tokNumber || p.toks[p.next].Type == tokIdent || p.word == "daemon"):
		last := p.at
		for i := p.at; p.toks[i].Value != "\n" && !p.toks[i].EOF() && p.toks[i].Value != "{"; i++ {
			if !elided(p.toks[i]) {
				last = i
			}
		}
		e.Help = "settings stand in braces: { " + p.word + " … }"
		if t := p.toks[p.visible(last+1)]; t.Value == "\n" {
			e.Fixes = []Fix{{"write braces around the settings",
				[]Edit{{Span{p.t.Pos, p.t.Pos}, "{ "}, {Span{p.end(last), p.end(last)}, " }"}}}}
		}
	default:
		return false
	}
	return true
}

// bindFirst moves what a declaration is bound to before its block.
func (p *place) bindFirst(e *Error) {
	open, last := p.match[p.before], p.next
	if p.toks[p.visible(last+1)].Value == "." {
		last = p.visible(p.visible(last+1) + 1)
	}
	if open < 0 || p.toks[p.next].Type != tokIdent || p.toks[last].Type != tokIdent || p.toks[p.visible(last+1)].Value != "\n" {
		return
	}
	bind := "= "
	for _, t := range p.toks[p.next : last+1] {
		bind += t.Value
	}
	at := p.toks[open].Pos
	e.Help += ": " + bind + " { … }"
	e.Fixes = []Fix{{fmt.Sprintf("write %q before the block", bind), []Edit{{Span{at, at}, bind + " "}, {Span{p.end(p.before), p.end(last)}, ""}}}}
}

// flows is about flows.
func (p *place) flows(e *Error) bool {
	if p.decl != "flow" {
		return false
	}
	switch {
	case p.word == "(":
		e.Help = "a flow names its pools, and calls them by itself"
		if end := p.match[p.at]; end >= 0 {
			e.Fixes = []Fix{{"leave out the parentheses", []Edit{{Span{p.t.Pos, p.end(end)}, ""}}}}
		}
	case p.t.Type == tokIdent && p.parser.before(p.before) == p.start && p.toks[p.next].Value == "->":
		e.Help = "a flow has no name of its own; it starts with a queue"
		e.Fixes = []Fix{{fmt.Sprintf("remove %q", p.toks[p.before].Value), []Edit{{Span{p.toks[p.before].Pos, p.t.Pos}, ""}}}}
	case p.want["->"] && p.word != "\n":
		e.Help = `the parts of a flow have "->" between them`
	default:
		return false
	}
	return true
}

// fields is about the items of structs and enums.
func (p *place) fields(e *Error) bool {
	if p.block < 0 || !p.declaresType() {
		return false
	}
	what := map[string]string{"struct": "fields", "enum": "values"}[p.decl]
	switch {
	case p.word == ",":
		e.Help = fmt.Sprintf(`%s stand in lines of their own, or have ";" between them`, what)
		comma := Span{p.t.Pos, p.end(p.at)}
		if p.toks[p.next].Pos.Line > p.t.Pos.Line || p.toks[p.next].Value == "}" {
			e.Fixes = []Fix{{`remove ","`, []Edit{{comma, ""}}}}
		} else {
			e.Fixes = []Fix{change(comma, ",", ";")}
		}
	case p.word == "=" && p.decl == "enum":
		e.Help = "the values of an enum have no numbers of their own; they count from 0 in their order"
	case p.word == "=":
		e.Help = "a field has a name and a type, and starts as zero"
	case p.t.Type == tokString && p.itemStart() != p.at && p.decl == "struct":
		e.Help = "fields have no tags; remove it"
	case p.t.Type == tokIdent && p.t.Pos.Line == p.toks[p.before].Pos.Line && p.toks[p.before].Value != "{":
		e.Help = fmt.Sprintf(`several %s on one line have ";" between them`, what)
		if p.decl == "enum" || p.toks[p.next].Type == tokIdent {
			e.Fixes = []Fix{p.semicolon()}
		}
	default:
		return false
	}
	return true
}

// settings is about what stands in the blocks of all other declarations.
func (p *place) settings(e *Error) bool {
	if p.block < 0 || p.declaresType() || p.decl == "import" {
		return false
	}
	before, next := p.toks[p.before], p.toks[p.next]
	if (p.word == "(" || p.word == "[") && p.itemStart() == p.before && strings.Contains(" send receive use read ", " "+before.Value+" ") {
		e.Help = fmt.Sprintf(`names have no brackets around them, and "," between them, as in "%s a, b"`, before.Value)
		if end := p.match[p.at]; end >= 0 && next.Type == tokIdent {
			open := " "
			if p.t.Pos != p.end(p.before) {
				open = ""
			}
			e.Fixes = []Fix{{"leave out the brackets", []Edit{{Span{p.t.Pos, p.end(p.at)}, open}, {p.span(end), ""}}}}
		}
		return true
	}
	more := next.Type == tokIdent || next.Type == tokNumber || next.Type == tokString || next.Value == "{"
	switch {
	case p.word == "=":
		e.Help = `a key and its value have only a space between them, as in "capacity 1024"`
		from, to := p.end(p.before), next.Pos
		if p.blank(p.before+1, p.at) && p.blank(p.at+1, p.next) && next.Pos.Line == p.t.Pos.Line {
			e.Fixes = []Fix{{`write a space for "="`, []Edit{{Span{from, to}, " "}}}}
		}
	case p.word == "(" && p.decl == "service" && p.itemStart() == p.before && before.Type == tokIdent:
		e.Help = fmt.Sprintf(`what others call starts with "func": func %s(…)`, before.Value)
		e.Fixes = []Fix{{`write "func" before it`, []Edit{{Span{before.Pos, before.Pos}, "func "}}}}
	case p.t.Type != tokIdent && p.t.Type != tokNumber || p.t.Pos.Line != before.Pos.Line || before.Value == "{":
		return false
	case before.Type == tokNumber && p.t.Type == tokIdent && !more && meantUnit(p.word) != "" && strings.Trim(before.Value, "0123456789._") == "":
		unit := meantUnit(p.word)
		e.Span = Span{before.Pos, p.end(p.at)}
		e.Msg = fmt.Sprintf("unexpected space before the unit %q", p.word)
		e.Help = fmt.Sprintf("a number and its unit are one word; did you mean %q?", before.Value+unit)
		if MeantUnit(p.word, true) == "" || MeantUnit(p.word, false) == "" {
			e.Fixes = []Fix{change(e.Span, before.Value+" "+p.word, before.Value+unit)}
		}
	case p.t.Type == tokNumber && p.toks[p.parser.before(p.before)].Value == "," && before.Type == tokIdent:
		comma := p.parser.before(p.before)
		e.Span = Span{p.toks[comma].Pos, p.end(comma)}
		e.Msg = `unexpected ",", want ";" or the end of the line`
		e.Help = `several settings on one line have ";" between them`
		e.Fixes = []Fix{change(e.Span, ",", ";")}
	case more:
		e.Help = fmt.Sprintf(`several settings on one line have ";" between them: write "; %s"`, p.word)
		if before.Type == tokNumber || next.Type == tokNumber || next.Value == "{" {
			e.Fixes = []Fix{p.semicolon()}
		}
	default:
		e.Help = `names have "," between them, and several settings on one line ";"`
	}
	return true
}

// warmth is about start warm with a number behind it, which spares gives.
func (p *place) warmth(e *Error) bool {
	number := p.at
	if p.word == "(" && p.match[p.at] > 0 {
		number = p.next
	}
	if p.toks[p.before].Value != "warm" || p.toks[number].Type != tokNumber || p.block < 0 || p.toks[p.itemStart()].Value != "start" {
		return false
	}
	text := "; spares " + p.toks[number].Value
	e.Help = fmt.Sprintf(`how many stand by, a setting of its own says: start warm%s`, text)
	last := number
	if number != p.at {
		last = p.match[p.at]
	}
	e.Fixes = []Fix{{fmt.Sprintf("write %q", "start warm"+text), []Edit{{Span{p.end(p.before), p.end(last)}, text}}}}
	return true
}

// declaresType reports whether the line has fields or values in braces, and no settings.
func (p *place) declaresType() bool { return p.decl == "struct" || p.decl == "enum" }

// without is the fix that removes a sign.
func (b *brackets) without(i int) Fix {
	return Fix{fmt.Sprintf("remove %q", b.toks[i].Value), []Edit{{Span{b.toks[i].Pos, b.end(i)}, ""}}}
}

// semicolon is the fix that ends an item before the wrong token.
func (p *place) semicolon() Fix {
	end := p.end(p.before)
	return Fix{fmt.Sprintf("write \";\" before %q", p.word), []Edit{{Span{end, end}, ";"}}}
}

// itemStart is the first token of the item of the block that the wrong token belongs to.
func (p *place) itemStart() int {
	from, _ := p.item(p.block, p.at)
	return p.visible(from)
}

// end is the place behind token i.
func (b *brackets) end(i int) Pos { return after(b.toks[i]) }

// blank reports whether only space stands in tokens [from, to).
func (b *brackets) blank(from, to int) bool {
	for _, t := range b.toks[from:to] {
		if t.Type != tokSpace && t.Value != "\n" {
			return false
		}
	}
	return true
}
