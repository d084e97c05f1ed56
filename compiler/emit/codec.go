package emit

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// A type crosses in one of three guises: as a statement or expression where the
// value is at hand, as a function where the runtime walks over elements, and as
// a codec in a row. Flat types are memory in all three; declared ones have
// functions; the rest is put together from those of its elements.

// codecs writes the functions of the types that need some.
func (f *file) codecs() {
	e, d, v := f.local("e"), f.local("d"), f.local("v")
	for _, c := range f.p.Codecs {
		f.out.Func().Id(ir.PutName(c.Name)).Params(encoder(e), jen.Id(v).Add(typ(c.Type))).BlockFunc(func(g *jen.Group) {
			switch {
			case empty(c.Type):
			case c.Type.Kind == ir.Array:
				x := f.local("x")
				g.For(jen.List(jen.Id("_"), jen.Id(x)).Op(":=").Range().Id(v)).Block(f.put(jen.Id(e), jen.Id(x), *c.Type.Elem))
			case c.Under != nil && c.Under.Kind == ir.String:
				g.Add(f.put(jen.Id(e), jen.String().Call(jen.Id(v)), *c.Under))
			case c.Under != nil:
				g.Add(f.put(jen.Id(e), jen.Id(v), *c.Under))
			}
			for _, field := range c.Fields {
				g.Add(f.put(jen.Id(e), jen.Id(v).Dot(field.Go), field.Type))
			}
		})
		f.out.Line()
		f.out.Func().Id(ir.GetName(c.Name)).Params(decoder(d)).Params(jen.Id(v).Add(typ(c.Type))).BlockFunc(func(g *jen.Group) {
			switch {
			case empty(c.Type):
			case c.Type.Kind == ir.Array:
				i := f.local("i")
				g.For(jen.Id(i).Op(":=").Range().Id(v)).Block(jen.Id(v).Index(jen.Id(i)).Op("=").Add(f.get(jen.Id(d), *c.Type.Elem)))
			case c.Under != nil && c.Under.Kind == ir.String:
				g.Return(typ(c.Type).Call(f.get(jen.Id(d), *c.Under)))
				return
			case c.Under != nil:
				g.Return(f.get(jen.Id(d), *c.Under))
				return
			}
			for _, field := range c.Fields {
				g.Id(v).Dot(field.Go).Op("=").Add(f.get(jen.Id(d), field.Type))
			}
			g.Return(jen.Id(v))
		})
		f.out.Line()
	}
}

// empty reports whether t is an array without elements. It needs no loop, and the
// Go compiler fails at one that sets some of them.
func empty(t ir.Type) bool { return t.Kind == ir.Array && t.Len == 0 }

// put writes v to the encoder e.
func (f *file) put(e, v *jen.Statement, t ir.Type) jen.Code {
	switch {
	case t.Codec != "":
		return jen.Id(ir.PutName(t.Codec)).Call(e, v)
	case t.Flat:
		return mp("Put").Call(e, v)
	}
	switch t.Kind {
	case ir.String:
		return e.Dot("String").Call(v)
	case ir.Bytes:
		return e.Dot("Bytes").Call(v)
	case ir.File:
		return e.Dot("File").Call(v)
	case ir.Block:
		return e.Dot("Block").Call(jen.Op("&").Id(t.Row), v)
	case ir.Slice:
		if t.Elem.Flat {
			return mp("PutFlatSlice").Call(e, v)
		}
		return mp("PutSlice").Call(e, v, f.putter(*t.Elem))
	case ir.Map:
		return mp("PutMap").Call(e, v, f.putter(*t.Key), f.putter(*t.Elem))
	case ir.Pointer:
		return mp("PutPointer").Call(e, v, f.putter(*t.Elem))
	}
	if t.Addr {
		v = jen.Op("&").Add(v)
	}
	return mp("Put"+form(t)).Call(e, v)
}

// get reads a value from the decoder d.
func (f *file) get(d *jen.Statement, t ir.Type) jen.Code {
	switch {
	case t.Codec != "":
		return jen.Id(ir.GetName(t.Codec)).Call(d)
	case t.Flat:
		return mp("Get").Types(typ(t)).Call(d)
	}
	switch t.Kind {
	case ir.String:
		return d.Dot("String").Call()
	case ir.Bytes:
		return d.Dot("Bytes").Call()
	case ir.File:
		return d.Dot("File").Call()
	case ir.Block:
		return d.Dot("Block").Call(jen.Op("&").Id(t.Row))
	case ir.Slice:
		if t.Elem.Flat {
			return mp("GetFlatSlice").Types(typ(*t.Elem)).Call(d)
		}
		return mp("GetSlice").Call(d, f.getter(*t.Elem))
	case ir.Map:
		return mp("GetMap").Call(d, f.getter(*t.Key), f.getter(*t.Elem))
	case ir.Pointer:
		return mp("GetPointer").Call(d, f.getter(*t.Elem))
	}
	return mp("Get" + form(t)).Types(typ(t)).Call(d)
}

// form is how an imported type marshals, as the runtime's functions are called.
func form(t ir.Type) string {
	if t.Form == ir.Text {
		return "Text"
	}
	return "Binary"
}

// putter is a function that writes values of t.
func (f *file) putter(t ir.Type) jen.Code {
	switch {
	case t.Codec != "":
		return jen.Id(ir.PutName(t.Codec))
	case t.Flat:
		return mp("Put").Types(typ(t))
	case t.Kind == ir.String || t.Kind == ir.Bytes:
		return method("Encoder", t)
	case t.Kind == ir.Slice && t.Elem.Flat:
		return mp("PutFlatSlice").Types(typ(*t.Elem))
	case t.Kind == ir.Imported && !t.Addr:
		return mp("Put" + form(t)).Types(typ(t))
	}
	e, v := f.local("e"), f.local("v")
	return jen.Func().Params(encoder(e), jen.Id(v).Add(typ(t))).Add(oneLine(f.put(jen.Id(e), jen.Id(v), t)))
}

// getter is a function that reads values of t.
func (f *file) getter(t ir.Type) jen.Code {
	switch {
	case t.Codec != "":
		return jen.Id(ir.GetName(t.Codec))
	case t.Flat:
		return mp("Get").Types(typ(t))
	case t.Kind == ir.String || t.Kind == ir.Bytes:
		return method("Decoder", t)
	case t.Kind == ir.Slice && t.Elem.Flat:
		return mp("GetFlatSlice").Types(typ(*t.Elem))
	case t.Kind == ir.Imported:
		return mp("Get" + form(t)).Types(typ(t))
	}
	d := f.local("d")
	return jen.Func().Params(decoder(d)).Add(typ(t)).Add(oneLine(jen.Return(f.get(jen.Id(d), t))))
}

// method is (*mp.Encoder).String and its like.
func method(of string, t ir.Type) jen.Code {
	name := "String"
	if t.Kind == ir.Bytes {
		name = "Bytes"
	}
	return jen.Parens(jen.Op("*").Add(mp(of))).Dot(name)
}

// codec is the codec of t in a row.
func (f *file) codec(t ir.Type) jen.Code {
	switch {
	case t.Codec != "":
		return mp(f.coded(t)).Call(jen.Id(ir.PutName(t.Codec)), jen.Id(ir.GetName(t.Codec)))
	case t.Flat:
		return mp("Codec").Types(typ(t)).Values()
	}
	switch t.Kind {
	case ir.String:
		return mp("String")
	case ir.Bytes:
		return mp("Bytes")
	case ir.Block:
		return mp("BlockOf").Call(jen.Op("&").Id(t.Row))
	case ir.Slice:
		return mp("SliceOf").Call(f.codec(*t.Elem))
	case ir.Map:
		return mp("MapOf").Call(f.codec(*t.Key), f.codec(*t.Elem))
	case ir.Pointer:
		return mp("PointerOf").Call(f.codec(*t.Elem))
	case ir.Failed:
		return mp("FailedOf").Call(f.codec(*t.Elem))
	}
	return mp(f.coded(t)).Call(f.putter(t), f.getter(t))
}

// coded is the runtime's function that makes a codec of t's two: Plain if they run no
// code of the user's, else Coded.
func (f *file) coded(t ir.Type) string {
	if f.plain(t, map[string]bool{}) {
		return "Plain"
	}
	return "Coded"
}

// plain reports whether nothing in t marshals itself, but for the time of package time,
// whose methods are Go's own. What is seen already needs no second look: any part that is
// not plain ends the search. Files and blocks need more than their bytes to be carried.
func (f *file) plain(t ir.Type, seen map[string]bool) bool {
	switch {
	case t.Flat:
		return true
	case t.Codec != "":
		return seen[t.Codec] || f.plainCodec(t, seen)
	}
	switch t.Kind {
	case ir.String, ir.Bytes:
		return true
	case ir.Slice, ir.Pointer:
		return f.plain(*t.Elem, seen)
	case ir.Map:
		return f.plain(*t.Key, seen) && f.plain(*t.Elem, seen)
	case ir.Imported:
		return t.Path == "time" && t.Name == "Time"
	}
	return false
}

// plainCodec is plain of a type that has functions.
func (f *file) plainCodec(t ir.Type, seen map[string]bool) bool {
	i := slices.IndexFunc(f.p.Codecs, func(c ir.Codec) bool { return c.Name == t.Codec })
	if i < 0 {
		return false
	}
	seen[t.Codec] = true
	c := &f.p.Codecs[i]
	switch {
	case c.Type.Kind == ir.Array:
		return f.plain(*c.Type.Elem, seen)
	case c.Under != nil:
		return f.plain(*c.Under, seen)
	}
	return !slices.ContainsFunc(c.Fields, func(field ir.Field) bool { return !f.plain(field.Type, seen) })
}
