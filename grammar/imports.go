package grammar

import (
	"cmp"
	"slices"
	"strconv"
)

// chunk is an import and what moves with it: the comments above it, and behind it on its line.
type chunk struct {
	spec  *ImportSpec
	elems []element
}

// sortImports sorts the imports of a group that no blank line parts, before they are printed. The printer stands behind
// the opening parenthesis.
func (p *printer) sortImports(group []*ImportSpec) {
	var section []chunk
	begin, next := 0, p.tail(p.i, true)
	for k, spec := range slices.Clone(group) {
		from, to := next, next
		for ; p.elems[to].comment(); to++ {
			if p.elems[to].newline > 1 {
				from = to
			}
		}
		if p.elems[to].newline > 1 {
			from = to
		}
		if p.elems[from].newline > 1 || k == 0 {
			p.sorted(section, begin, group[k-len(section):])
			section, begin = nil, from
		}
		for p.elems[to].kind != tokString {
			to++
		}
		next = p.tail(to+1, false)
		section = append(section, chunk{spec, slices.Clone(p.elems[from:next])})
	}
	p.sorted(section, begin, group[len(group)-len(section):])
}

// sorted puts a section in order, from element begin on and in the tree.
func (p *printer) sorted(section []chunk, begin int, specs []*ImportSpec) {
	if len(section) == 0 {
		return
	}
	above := max(1, section[0].elems[0].newline)
	slices.SortStableFunc(section, func(a, b chunk) int { return compareImports(a.spec, b.spec) })
	for i, c := range section {
		c.elems[0].newline = 1
		if i == 0 {
			c.elems[0].newline = above
		}
		begin += copy(p.elems[begin:], c.elems)
		specs[i] = c.spec
	}
}

// compareImports orders imports by path and then by name.
func compareImports(a, b *ImportSpec) int {
	key := func(s *ImportSpec) (path, name string) {
		if path, err := strconv.Unquote(s.Path.Text); err == nil {
			return path, aliasOf(s)
		}
		return s.Path.Text, aliasOf(s)
	}
	aPath, aName := key(a)
	bPath, bName := key(b)
	return cmp.Or(cmp.Compare(aPath, bPath), cmp.Compare(aName, bName))
}

func aliasOf(s *ImportSpec) string {
	if s.Alias == nil {
		return ""
	}
	return s.Alias.Text
}
