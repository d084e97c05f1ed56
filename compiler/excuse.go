package compiler

import "github.com/mpgen/mpgen/grammar"

// A queue that nobody sends to is a mistake, unless who sends to it stands in a
// part that is a mistake itself: then it was told. So each phase excuses what a
// part that it drops has named, by name, since the declaration may come later.

// excuse excuses one name, or everything if it can't be known what was meant.
func (u *unit) excuse(name string) {
	if name == "" {
		u.partial = true
		return
	}
	u.excused[name] = true
}

// excuseDecl excuses all names in the settings and types of a declaration, and itself.
func (u *unit) excuseDecl(d grammar.Decl) {
	if name := d.Ident(); name != nil {
		u.excuse(name.Text)
	}
	if flow, ok := d.(*grammar.Flow); ok {
		for _, ref := range flow.Stages {
			u.excuse(ref.Name.Text)
		}
	}
	u.excuseBlock(blockOf(d))
	u.excuseTypes(d)
}

// excuseTypes excuses the names of types and packages in a declaration.
func (u *unit) excuseTypes(d grammar.Decl) {
	grammar.Walk(d, func(n grammar.Node) bool {
		if t, ok := n.(*grammar.NamedType); ok && t.Ref != nil {
			u.excuse(t.Ref.Name.Text)
		}
		return true
	})
}

func (u *unit) excuseBlock(b *grammar.Block) {
	if b == nil {
		return
	}
	for _, item := range b.Items {
		if s, ok := item.(*grammar.Setting); ok {
			u.excuseSetting(s)
		}
	}
}

func (u *unit) excuseSetting(s *grammar.Setting) {
	for _, v := range s.Values {
		if v.Ref != nil {
			u.excuse(v.Ref.Name.Text)
		}
	}
	u.excuseBlock(s.Block)
}
