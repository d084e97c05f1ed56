package compiler

import "github.com/mpgen/mpgen/compiler/ir"

// codecs are the functions that the pipeline needs: of every type that an item,
// an argument, a task or a result is made of. Declared structs come first, in the
// order of the source, then imported ones and arrays in the order of their use.
func (u *unit) codecs() []ir.Codec {
	reached := map[string]bool{}
	var others []ir.Codec
	var visit func(t *ir.Type)
	visit = func(t *ir.Type) {
		if t == nil || t.Flat {
			return
		}
		if t.Codec != "" && !reached[t.Codec] {
			reached[t.Codec] = true
			switch t.Kind {
			case ir.Declared:
				for _, f := range u.declared(t).fields {
					visit(f.typ)
				}
			case ir.Imported:
				f := u.foreign[t.Path+"."+t.Name]
				others = append(others, ir.Codec{Name: t.Codec, Type: *t, Fields: f.fields, Under: f.under})
				visit(f.under)
				for i := range f.fields {
					visit(&f.fields[i].Type)
				}
			default:
				others = append(others, ir.Codec{Name: t.Codec, Type: *t})
			}
		}
		visit(t.Key)
		visit(t.Elem)
	}
	for _, s := range u.order {
		switch {
		case s.missing:
		case s.kind == "queue":
			visit(s.typ)
		case kindOf(s) != nil:
			if k := kindOf(s); k.codec != nil {
				for _, t := range k.types(s) {
					visit(&t)
				}
			}
		default:
			for _, p := range s.params {
				visit(p.typ)
			}
			for _, f := range s.funcs {
				u.visitFunction(f, visit)
			}
		}
	}
	var list []ir.Codec
	for _, s := range u.order {
		name := s.goName
		if s.kind == "pool" {
			name = taskName(s)
		}
		if len(s.fields) > 0 && reached[name] || s.kind == "struct" && reached[name] {
			list = append(list, ir.Codec{Name: name, Type: ir.Type{Kind: ir.Declared, Name: name, Codec: name}, Fields: lowerFields(s)})
		}
	}
	return append(list, others...)
}

// visitFunction goes to the types of a function's tasks and results. Those of a
// pool in a flow are the items of its queues.
func (u *unit) visitFunction(f *function, visit func(*ir.Type)) {
	if f.method == nil {
		if f.flow == nil {
			visit(f.in)
			visit(f.answer())
		}
		return
	}
	for _, p := range f.params {
		visit(p.typ)
	}
	visit(f.out)
}
