package compiler

import (
	"bytes"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// What fixes do to the source text, where that takes more than one word for another.

// text is the source of a part of the tree.
func (u *unit) text(at grammar.Span) string {
	return string(u.source(at)[at.Pos.Offset:at.EndPos.Offset])
}

func (u *unit) source(at grammar.Span) []byte {
	for _, s := range u.in.Sources {
		if s.Name == at.Pos.Filename {
			return s.Text
		}
	}
	return nil
}

// without removes an item of a block, or of an import in parentheses, with what separates it from others: its whole line
// if nothing else is in it.
func (u *unit) without(at grammar.Span) diag.Edit {
	text := u.source(at)
	start, end := at.Pos.Offset, at.EndPos.Offset
	before := len(bytes.TrimRight(text[:start], " \t"))
	behind := end + len(text[end:]) - len(bytes.TrimLeft(text[end:], " \t\r"))
	switch {
	case (before == 0 || text[before-1] == '\n') && (behind == len(text) || text[behind] == '\n'):
		start, end = before, min(behind+1, len(text))
		if bytes.HasSuffix(text[:start], []byte("\n\n")) && bytes.HasPrefix(text[end:], []byte("\n")) {
			end++ // of the blank lines around it one is enough
		}
	case behind < len(text) && text[behind] == ';':
		end = behind + 1 + len(text[behind+1:]) - len(bytes.TrimLeft(text[behind+1:], " \t"))
	case before > 0 && text[before-1] == ';':
		start = before - 1
	}
	return diag.Edit{Span: u.span(at, start, end)}
}

// span is a part of the file of another span.
func (u *unit) span(in grammar.Span, start, end int) diag.Span {
	from := grammar.Pos{Filename: in.Pos.Filename, Line: 1, Column: 1}
	text := bytes.TrimPrefix(u.source(in), []byte("\uFEFF"))
	from.Offset = len(u.source(in)) - len(text)
	from.Advance(string(text[:max(start-from.Offset, 0)]))
	to := from
	to.Advance(string(text[max(start-from.Offset, 0):max(end-from.Offset, 0)]))
	return diag.At(grammar.Span{Pos: from, EndPos: to})
}

// insert is the edit that writes text at a place.
func insert(at grammar.Pos, text string) diag.Edit {
	return diag.Edit{Span: diag.At(grammar.Span{Pos: at, EndPos: at}), New: text}
}

// renamed gives a declaration another name, where it is declared and wherever a .mp file names it; there are no edits if
// the name is taken.
func (u *unit) renamed(name *grammar.Name, to string) []diag.Edit {
	edits := []diag.Edit{diag.Replace(name, to)}
	taken := false
	for _, file := range u.files {
		grammar.Walk(file, func(n grammar.Node) bool {
			switch n := n.(type) {
			case grammar.Decl:
				taken = taken || n.Ident() != nil && n.Ident().Text == to
			case *grammar.NamedType:
				return n.Ref.Sel == nil || n.Arg != nil
			case *grammar.Ref:
				if n.Name.Text == name.Text {
					edits = append(edits, diag.Replace(n.Name, to))
				}
			}
			return true
		})
	}
	if taken {
		return nil
	}
	return edits
}

// imports puts an import below those that are there.
func imports(file *grammar.File, path string) []diag.Edit {
	if file.Package == nil {
		return nil
	}
	at, gap := file.Package.EndPos, "\n\n"
	if n := len(file.Imports); n > 0 {
		at, gap = file.Imports[n-1].EndPos, "\n"
	}
	return []diag.Edit{insert(at, gap+"import "+quote(path))}
}

// moved takes a setting that stands in the wrong block to where it belongs; there are no edits if it belongs nowhere.
func (u *unit) moved(s *symbol, at *grammar.Setting, in string) []diag.Edit {
	owner := blockOf(s.decl)
	for i := range settings {
		row := &settings[i]
		if row.Key != at.Key.Text || !contains(row.Of, s.kind) || row.In == in || row.In != "" && in != "" {
			continue
		}
		text := u.text(at.Span)
		key := in
		if in == "" {
			key = row.In
		}
		block := settingOf(owner, key)
		switch {
		case in != "": // out of its block
			if block == nil || len(block.Block.Items) == 1 {
				return replaced(block, text)
			}
			return []diag.Edit{u.without(at.Span), insert(block.Pos, text+u.separator(block.Pos))}
		case block == nil:
			if u.wrapped[s.name.Text+" "+row.In] {
				return nil // into the block that an earlier one makes
			}
			u.wrapped[s.name.Text+" "+row.In] = true
			return []diag.Edit{diag.Replace(at, row.In+" { "+text+" }")}
		case len(block.Block.Items) > 0:
			last := block.Block.Items[len(block.Block.Items)-1].Range()
			return []diag.Edit{u.without(at.Span), insert(last.EndPos, "; "+text)}
		}
		return nil
	}
	return nil
}

// separator parts an item from what is put in before it: a line of its own where it has one.
func (u *unit) separator(at grammar.Pos) string {
	text := u.source(grammar.Span{Pos: at})[:at.Offset]
	indent := string(text[bytes.LastIndexByte(text, '\n')+1:])
	if len(bytes.TrimSpace([]byte(indent))) > 0 {
		return "; "
	}
	return "\n" + indent
}

func replaced(block *grammar.Setting, text string) []diag.Edit {
	if block == nil {
		return nil
	}
	return []diag.Edit{diag.Replace(block, text)}
}

// settingOf is the block of a key in another block, or nil.
func settingOf(owner *grammar.Block, key string) *grammar.Setting {
	for _, item := range owner.Items {
		if s, ok := item.(*grammar.Setting); ok && s.Key.Text == key && s.Block != nil {
			return s
		}
	}
	return nil
}
