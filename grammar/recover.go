package grammar

import (
	"fmt"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// brackets is a list of tokens with its brackets paired.
type brackets struct {
	toks   []lexer.Token
	match  []int // of a bracket: its partner, or -1
	parent []int // of any token: the opening bracket of the innermost pair around it, or -1
}

// pair finds the partner of each bracket. A closing bracket belongs to the nearest open one of its kind; those between
// were never closed, and enclose nothing.
func pair(toks []lexer.Token) brackets {
	b := brackets{toks: toks, match: make([]int, len(toks)), parent: make([]int, len(toks))}
	var open []int
	for i, t := range toks {
		b.match[i] = -1
		if t.Type != tokSign && t.Type != tokClosing {
			continue
		}
		switch t.Value {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			want := map[string]string{")": "(", "]": "[", "}": "{"}[t.Value]
			for k := len(open) - 1; k >= 0; k-- {
				if toks[open[k]].Value == want {
					b.match[i], b.match[open[k]] = open[k], i
					open = open[:k]
					break
				}
			}
		}
	}
	around := -1
	for i := range toks {
		if m := b.match[i]; m >= 0 && m < i {
			around = b.parent[m]
		}
		b.parent[i] = around
		if b.match[i] > i {
			around = i
		}
	}
	return b
}

// recover reports the mistake at token at, in the line that starts at token start, and takes out the smallest part
// that holds it. It reports whether the rest of the line is worth another parse.
func (p *parser) recover(parse production, start, at int) bool {
	if next := p.nextDecl(start, at); next >= 0 {
		p.report(p.unexpected(parse, start, next))
		p.drop(start, next)
		return false
	}
	p.report(p.unexpected(parse, start, at))
	for c := p.container(start, at); c >= 0; c = p.container(start, c) {
		from, to := p.item(c, at)
		if p.take(from, to) {
			return true
		}
		at = c
	}
	p.drop(start, p.lineEnd(start, at))
	return false
}

// nextDecl finds a declaration that starts behind start and not behind at, in the first column and in no bracket of this
// line, so that this line must have ended before; or -1.
func (p *parser) nextDecl(start, at int) int {
	for i := start + 1; i <= at; i++ {
		if p.parent[i] < start && p.starts(i) {
			return i
		}
	}
	return -1
}

// starts reports whether token i looks like the start of a declaration: a keyword in the first column and a word behind.
func (p *parser) starts(i int) bool {
	t := p.toks[i]
	if t.Pos.Column != 1 || t.Type != tokIdent && t.Type != tokKeyword || !isKeyword(t.Value) {
		return false
	}
	next := p.toks[p.visible(i+1)]
	return next.Type == tokIdent || next.Type == tokKeyword
}

// container finds the braces, or the parentheses of an import, around token at in the line that starts at start, or -1.
func (p *parser) container(start, at int) int {
	c := p.parent[at]
	if m := p.match[at]; m >= 0 && m < at {
		c = m
	}
	for c > start && p.toks[c].Value != "{" && p.toks[start].Value != "import" {
		c = p.parent[c]
	}
	if c <= start {
		return -1
	}
	return c
}

// item is the part of container c that token at belongs to, up to and with its separator: tokens [from, to).
func (p *parser) item(c, at int) (from, to int) {
	from = c + 1
	for i := c + 1; i < at; i++ {
		if p.parent[i] == c && p.toks[i].Type == tokSemi {
			from = i + 1
		}
	}
	for to = at; to < p.match[c]; to++ {
		if p.parent[to] == c && p.toks[to].Type == tokSemi {
			return from, to + 1
		}
	}
	return from, p.match[c]
}

// lineEnd is the token behind the line of the top level that starts at start and holds at. A brace on a line of its own
// belongs to the line above.
func (p *parser) lineEnd(start, at int) int {
	for i := at; ; i++ {
		switch {
		case p.toks[i].EOF():
			return i
		case p.parent[i] >= start:
		case p.toks[i].Type == tokSemi && p.toks[p.visible(i+1)].Value != "{":
			return i + 1
		case i > start && p.starts(i):
			return i
		}
	}
}

// take hides tokens [from, to) from the parser and reports whether there was anything to hide.
func (p *parser) take(from, to int) bool {
	any := false
	for i := from; i < to; i++ {
		if !elided(p.toks[i]) {
			if !any {
				p.dropped = append(p.dropped, p.toks[i].Pos.Offset)
			}
			p.lose(p.toks[i])
			p.toks[i].Type, p.toks[i].Value = tokSkipped, "" // participle finds a literal even in what it elides
			any = true
		}
	}
	return any
}

// lose notes the word of a token that is left out.
func (p *parser) lose(t lexer.Token) {
	word := t.Value
	switch t.Type {
	case tokIdent:
	case tokString: // the path of a package
		word = word[1 : len(word)-1]
		word = word[strings.LastIndexByte(word, '/')+1:]
	default:
		return
	}
	if p.file.Lost == nil {
		p.file.Lost = map[string]bool{}
	}
	p.file.Lost[word] = true
}

// skip goes on at token to, having read nothing of what starts at token start.
func (p *parser) skip(start, to int) {
	p.take(start, to)
	p.forward(to)
}

// drop goes on at token to and remembers the declaration that starts at token start and could not be read.
func (p *parser) drop(start, to int) {
	p.remember(start, to)
	p.skip(start, to)
}

// remember lists a declaration of which nothing could be kept.
func (p *parser) remember(start, to int) {
	d := &BrokenDecl{Span: p.span(start), Keyword: p.toks[start].Value}
	if i := p.visible(start + 1); i < to && p.toks[i].Type == tokIdent {
		d.Name = p.toks[i].Value
	}
	for i := start; i < to; i++ {
		if !elided(p.toks[i]) && p.toks[i].Value != "\n" {
			d.EndPos = p.span(i).EndPos
		}
	}
	if d.Keyword != "import" && d.Keyword != "package" {
		p.file.Broken = append(p.file.Broken, d)
	}
}

// tooDeep takes out the lines of the top level that nest too deep, before the parser recurses into them.
func (p *parser) tooDeep() {
	start, depth, run := p.visible(0), 0, 0
	for i := start; !p.toks[i].EOF(); i++ {
		t := p.toks[i]
		switch {
		case t.Type == tokSemi:
			run = 0
			if p.parent[i] < 0 {
				depth, start = 0, p.visible(i+1)
			}
		case t.Type != tokSign:
		case t.Value == "(" || t.Value == "{" || t.Value == "[":
			depth++
		case t.Value == ")" || t.Value == "}" || t.Value == "]":
			depth = max(depth-1, 0)
		}
		if t.Type == tokSign {
			switch t.Value {
			case "*", "]":
				run++
			case ",", "(", ")", "{", "}":
				run = 0
			}
		}
		if depth+run > MaxDepth {
			p.report(Error{Span: p.span(i), Code: TooDeep, Msg: fmt.Sprintf("nested deeper than %d levels", MaxDepth),
				Help: "give the inner type a name of its own with a struct"})
			end := p.lineEnd(start, i)
			p.remember(start, end)
			p.take(start, end)
			i, start, depth, run = end-1, p.visible(end), 0, 0
		}
	}
}
