package emit

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// Object is a type of the user's that lacks methods of a service.
type Object struct {
	Service string // its interface
	Type    string
	Pointer bool // whose pointer is the object
	Methods []string
}

// Stubs is a file with functions of the user's that are not there yet: they compile,
// and say when they run that they are not written. missing are their names, objects
// types that are there but for some methods, and name is what the file will be called. It is no generated file: it is the user's from
// the start. taken are the names that the folder has at package level.
func Stubs(p *ir.Pipeline, missing []string, objects []Object, name string, taken func(string) bool) ([]byte, error) {
	with := *p
	if !slices.ContainsFunc(p.Imports, func(i ir.Import) bool { return i.Path == "errors" }) {
		name := "errors"
		for taken(name) {
			name += "_"
		}
		with.Imports = append(slices.Clone(p.Imports), ir.Import{Path: "errors", Name: name, Alias: name != "errors", Std: true})
	}
	f := newFile(&with)
	for _, d := range p.Decls {
		switch {
		case d.Process != nil && slices.Contains(missing, d.Process.Func.Name):
			f.stub(d, d.Process.Func, d.Process.Ports, d.Process.Params, nil, name)
		case d.Pool != nil && slices.Contains(missing, d.Pool.Func.Name):
			f.stub(d, d.Pool.Func, d.Pool.Ports, d.Pool.Params, d.Pool.Result(), name)
		case d.Service != nil && slices.Contains(missing, d.Service.Open.Name):
			object := d.Name + "Object"
			for taken(object) {
				object += "_"
			}
			f.object(d, object, name)
		case d.Service != nil:
			for _, o := range objects {
				if o.Service == d.Service.Go {
					f.lacking(d, o, name)
				}
			}
		}
	}
	return f.render()
}

// stub writes the function of a process or pool.
func (f *file) stub(d ir.Decl, fn ir.Func, p ir.Ports, params []ir.Param, out *ir.Type, name string) {
	f.above(d.Doc)
	s := f.scope(params)
	f.out.Func().Id(fn.Name).Add(s.stubHead(p, params)).Add(results(out)).Block(f.unwritten(fn.Name, out, name))
	f.out.Line()
}

// object writes a type with the methods of a service, and the function that makes one.
func (f *file) object(d ir.Decl, object, name string) {
	s := d.Service
	f.above([]string{object + " is the object of one worker."})
	f.out.Type().Id(object).Struct()
	f.out.Line()
	f.above(d.Doc)
	f.out.Func().Id(s.Open.Name).Add(f.scope(s.Params).stubHead(s.Ports, s.Params)).Params(jen.Id(s.Go), jen.Error()).
		Block(jen.Return(jen.Op("&").Id(object).Values(), jen.Nil()))
	f.out.Line()
	for _, m := range s.Methods {
		f.method(d, m, jen.Op("*").Id(object), name)
	}
}

// lacking writes the methods that an object lacks.
func (f *file) lacking(d ir.Decl, o Object, name string) {
	of := jen.Id(o.Type)
	if o.Pointer {
		of = jen.Op("*").Id(o.Type)
	}
	for _, m := range d.Service.Methods {
		if slices.Contains(o.Methods, m.Go) {
			f.method(d, m, of, name)
		}
	}
}

// method writes a method of a type.
func (f *file) method(d ir.Decl, m ir.Method, of jen.Code, name string) {
	f.above(m.Doc)
	names := f.scope(m.Params)
	receiver := names.local("o")
	f.out.Func().Params(jen.Id(receiver).Add(of)).Id(m.Go).Add(names.head(m)).Add(results(m.Out)).
		Block(f.unwritten(d.Name+"."+m.Name, m.Out, name))
	f.out.Line()
}

// stubHead is the parameter list of a user's function.
func (s *scope) stubHead(p ir.Ports, params []ir.Param) jen.Code {
	list := []jen.Code{jen.Id(s.local("ctx")).Qual("context", "Context")}
	if p.Type != "" {
		list = append(list, jen.Id(s.local("p")).Op("*").Id(p.Type))
	}
	return jen.Params(append(list, s.declared(params)...)...)
}

// unwritten returns an error, and no result.
func (f *file) unwritten(what string, out *ir.Type, name string) jen.Code {
	err := jen.Qual("errors", "New").Call(jen.Lit(what + " is not written yet, in " + name))
	if out == nil {
		return jen.Return(err)
	}
	return jen.Return(f.zero(*out), err)
}

// zero is the zero value of a type.
func (f *file) zero(t ir.Type) jen.Code {
	switch t.Kind {
	case ir.Basic:
		if t.Name == "bool" {
			return jen.False()
		}
		return jen.Lit(0)
	case ir.String:
		return jen.Lit("")
	case ir.Bytes, ir.Slice, ir.Map, ir.Pointer, ir.File:
		return jen.Nil()
	case ir.Imported:
		return jen.Op("*").New(typ(t)) // of whatever kind it is
	case ir.Declared:
		if slices.ContainsFunc(f.p.Decls, func(d ir.Decl) bool { return d.Enum != nil && d.Enum.Go == t.Name }) {
			return jen.Lit(0)
		}
	}
	return typ(t).Values()
}
