package compiler

import (
	"bytes"
	"unicode/utf8"

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

// withComment is an item with the comment behind it.
func (u *unit) withComment(at grammar.Span) grammar.Span {
	text := u.source(at)[at.EndPos.Offset:]
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("//")) {
		at.EndPos.Offset += len(line)
	}
	return at
}

// span is the text [start, end) of the file of another span, counted from there.
func (u *unit) span(in grammar.Span, start, end int) diag.Span {
	text := u.source(in)
	mark := 0
	if bytes.HasPrefix(text, []byte("\uFEFF")) {
		mark = len("\uFEFF")
	}
	start, end = max(start, mark), max(end, mark)
	from := grammar.Pos{Filename: in.Pos.Filename, Offset: start, Line: in.Pos.Line}
	if known := in.Pos.Offset; start < known {
		from.Line -= bytes.Count(text[start:known], []byte("\n"))
	} else {
		from.Line += bytes.Count(text[known:start], []byte("\n"))
	}
	from.Column = utf8.RuneCount(text[max(bytes.LastIndexByte(text[:start], '\n')+1, mark):start]) + 1
	to := from
	to.Advance(string(text[start:end]))
	return diag.At(grammar.Span{Pos: from, EndPos: to})
}

// insert is the edit that writes text at a place.
func insert(at grammar.Pos, text string) diag.Edit {
	return diag.Edit{Span: diag.At(grammar.Span{Pos: at, EndPos: at}), New: text}
}

// renamed gives a declaration another name, where it is declared and wherever a .mp file names it; there are no edits if
// the name is taken.
func (u *unit) renamed(name *grammar.Name, to string) []diag.Edit {
	if u.refs == nil {
		u.refs, u.taken = u.mentions()
	}
	if u.taken[to] {
		return nil
	}
	edits := []diag.Edit{diag.Replace(name, to)}
	for _, ref := range u.refs[name.Text] {
		edits = append(edits, diag.Replace(ref, to))
	}
	return edits
}

// mentions are the places where all files name declarations, by name, and the names that are declared.
func (u *unit) mentions() (refs map[string][]*grammar.Name, declared map[string]bool) {
	refs, declared = map[string][]*grammar.Name{}, map[string]bool{}
	for _, file := range u.files {
		grammar.Walk(file, func(n grammar.Node) bool {
			switch n := n.(type) {
			case grammar.Decl:
				if name := n.Ident(); name != nil {
					declared[name.Text] = true
				}
			case *grammar.NamedType:
				return n.Ref.Sel == nil || n.Arg != nil // what stands before a dot is a package
			case *grammar.Ref:
				refs[n.Name.Text] = append(refs[n.Name.Text], n.Name)
			}
			return true
		})
	}
	return refs, declared
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
		if in != "" && has(owner, row.Key) || in == "" && block != nil && has(block.Block, row.Key) {
			return nil // one of them is to go, and who knows which
		}
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

// has says whether a block gives a setting.
func has(b *grammar.Block, key string) bool {
	for _, item := range b.Items {
		if s, ok := item.(*grammar.Setting); ok && s.Key.Text == key {
			return true
		}
	}
	return false
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
