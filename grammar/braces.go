package grammar

import (
	"bytes"
	"math"
	"slices"
	"sort"

	"github.com/alecthomas/participle/v2/lexer"
)

// A brace that is missing moves the ends of all blocks around it, so that the parser would stumble over everything but
// the place. So braces are put right before it starts. What tells where one is missing is how people lay out their text:
// declarations start in the first column, a block of one line ends in it, and the brace behind a block of several lines
// stands under the start of the line with the brace before it.

// swapBack puts right a "{" that stands before the bracket that it should follow.
func (p *parser) swapBack() {
	swapped := false
	for i, t := range p.toks {
		if t.Type != tokSign || t.Value != "{" || p.match[i] >= 0 {
			continue
		}
		j := p.visible(i + 1)
		if next := &p.toks[j]; next.Value == ")" || next.Value == "]" {
			p.report(Error{Span: p.span(i), Code: Unexpected, Msg: `unexpected "{" before "` + next.Value + `"`,
				Help: "they stand the other way round"})
			p.toks[i].Value, next.Value = next.Value, "{"
			swapped = true
		}
	}
	if swapped {
		p.brackets = pair(p.toks)
	}
}

// openBlocks opens the block of each closing brace that has no partner, where its layout tells which one that is: one of
// those that end inside of a line and would have started in another, or the one of the declaration.
func (p *parser) openBlocks() {
	for done := 0; len(p.errs) < maxErrors; {
		c := p.unopened(done)
		if c < 0 {
			return
		}
		done = c + 1
		start := p.declBefore(c)
		if start < 0 {
			continue
		}
		at, extra := p.blockWithoutOpening(start, c)
		switch {
		case at < 0:
			continue
		case extra:
			p.report(Error{Span: p.span(at), Code: Unexpected, Msg: p.found(at), Help: `this "}" closes nothing; remove it`})
			p.take(at, at+1)
			p.brackets = pair(p.toks)
			continue
		}
		e := Error{Span: p.span(at), Code: Unexpected, Msg: p.found(at) + `, want "{"`,
			Notes: []Note{{Span: p.span(c), Label: "what does this close?"}}}
		p.report(e)
		if p.toks[at].Value == "\n" {
			p.toks[at].Type, p.toks[at].Value = tokSkipped, ""
			at = p.visible(at)
		}
		p.toks = slices.Insert(p.toks, at, lexer.Token{Type: tokSign, Value: "{", Pos: p.toks[at].Pos})
		done++
		p.brackets = pair(p.toks)
	}
}

// unopened is the first closing brace from token i on that has no partner, or -1.
func (p *parser) unopened(i int) int {
	for ; i < len(p.toks); i++ {
		if p.toks[i].Type == tokSign && p.toks[i].Value == "}" && p.match[i] < 0 {
			return i
		}
	}
	return -1
}

// declBefore is the last declaration that starts before token i, or -1.
func (p *parser) declBefore(i int) int {
	for i--; i >= 0; i-- {
		if p.starts(i) {
			return i
		}
	}
	return -1
}

// blockWithoutOpening is the token before which a "{" is missing, between the start of a declaration and a "}" without
// partner: behind the first word of a line, or the end of the declaration's first line; or -1. Or it is a "}" too much.
func (p *parser) blockWithoutOpening(start, closing int) (at int, extra bool) {
	for i := start; i < closing; i++ {
		m := p.match[i]
		if p.toks[i].Value != "}" || m < start || p.opensLine(i) || p.toks[m].Pos.Line == p.toks[i].Pos.Line {
			continue
		}
		key := p.lineStart(i)
		switch next := p.visible(key + 1); {
		case key <= m || p.toks[key].Type != tokIdent || next >= i:
		case p.toks[next].Value == "{":
			return i, true
		default:
			return next, false
		}
	}
	for i := start; i < closing; i++ {
		switch t := p.toks[i]; {
		case t.Value == "{":
			return -1, false
		case t.Type == tokSemi && t.Value == "\n" && p.parent[i] < start:
			return i, false
		}
	}
	return -1, false
}

// opensLine reports whether token i is the first one of its line.
func (b *brackets) opensLine(i int) bool {
	return i == 0 || b.toks[b.before(i)].Pos.Line < b.toks[i].Pos.Line || elided(b.toks[b.before(i)])
}

// lineStart is the first token of the line that token i stands in.
func (b *brackets) lineStart(i int) int {
	for !b.opensLine(i) {
		i = b.before(i)
	}
	return i
}

// closeBlocks closes each brace that has no partner: where the layout says that it ends, before the next declaration in
// the same brackets, at the end of those brackets, or at the end of the file. So the parser meets no open block, and a
// block that is not closed does not make the rest of the file a part of it.
func (p *parser) closeBlocks() {
	var starts []int
	for i := range p.toks {
		if p.starts(i) {
			starts = append(starts, i)
		}
	}
	closing := map[int]int{} // before which token, how many
	for i, t := range p.toks {
		if t.Type != tokSign || t.Value != "{" || p.match[i] >= 0 {
			continue
		}
		open, end := i, p.blockEnd(i, starts)
		if inner, behind := p.tooLong(i, end); inner >= 0 {
			open, end = inner, behind // it ends before, and what it took is the end of this one
		}
		closing[end]++
		if p.toks[end].EOF() && p.cut < math.MaxInt {
			continue
		}
		e := Error{Span: p.endOf(end), Code: OpenBlock, Msg: `block is not closed, want "}"`, Help: `write "}" where it ends`,
			Notes: []Note{{Span: p.span(open), Label: "opened here"}}}
		if p.starts(end) {
			e.Notes = append(e.Notes, Note{Span: p.span(end), Label: "the next declaration starts here"})
			e.Fixes = []Fix{{`write "}"`, []Edit{{Span{e.Pos, e.Pos}, p.closer(open, e.Pos)}}}}
		}
		p.report(e)
	}
	if len(closing) == 0 {
		return
	}
	toks := make([]lexer.Token, 0, len(p.toks)+2*len(closing))
	behind := 0 // the length of toks up to its last token that the parser sees
	for i, t := range p.toks {
		var add []lexer.Token
		for range closing[i] {
			pos := t.Pos
			if behind < len(toks) {
				pos = toks[behind].Pos
			}
			add = append(add, lexer.Token{Type: tokClosing, Value: "}", Pos: pos}, lexer.Token{Type: tokSemi, Value: "\n", Pos: pos})
		}
		toks = append(slices.Insert(toks, behind, add...), t)
		if !elided(t) {
			behind = len(toks)
		}
	}
	p.brackets = pair(toks)
}

// endOf is the place behind the last token before token i: a span without width.
func (p *parser) endOf(i int) Span {
	last := p.before(i)
	at := p.toks[last].Pos
	if p.toks[last].Value != "\n" {
		at = p.span(last).EndPos
	}
	return Span{at, at}
}

// tooLong finds a block within an open one that ends where the open one should, as its brace stands under none of its
// own; and the token before which it should have ended, which is the first line that is not deeper than its own. Or -1.
func (p *parser) tooLong(open, end int) (inner, behind int) {
	for i := open + 1; i < end; i++ {
		b := p.match[i]
		if p.toks[i].Value != "{" || b < i || b > end || !p.opensLine(b) {
			continue
		}
		column := p.toks[p.lineStart(i)].Pos.Column
		if column <= p.toks[b].Pos.Column || p.lineStart(i) <= p.lineStart(open) {
			continue
		}
		for t := i + 1; t <= b; t++ {
			if !elided(p.toks[t]) && p.toks[t].Type != tokSemi && p.toks[t].Pos.Line > p.toks[i].Pos.Line && p.opensLine(t) &&
				p.toks[t].Pos.Column <= column {
				return i, t
			}
		}
	}
	return -1, 0
}

// blockEnd is the token before which a brace without partner is to be closed. starts lists where declarations start.
func (p *parser) blockEnd(open int, starts []int) int {
	around, end := p.parent[open], len(p.toks)-1
	if around >= 0 {
		end = p.match[around]
	}
	first := sort.SearchInts(starts, open)
	for _, i := range starts[first:] {
		if i > end {
			break
		}
		if p.parent[i] == around {
			return i
		}
	}
	return end
}

// closer is the brace that closes the one at token open, and what stands before it at a place: a line of its own, as far
// in as the line that opens it.
func (p *parser) closer(open int, at Pos) string {
	from := p.toks[open].Pos
	if from.Line == at.Line {
		return " }"
	}
	line := p.src[bytes.LastIndexByte(p.src[:from.Offset], '\n')+1 : from.Offset]
	return "\n" + string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))]) + "}"
}
