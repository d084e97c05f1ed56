package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// A service is an interface with two implementations: the object that the user's
// function makes in each worker, and a client that calls one. Between them stands
// the table of methods, whose rows decode a call, make it, and encode the result.

// interfaces writes the interfaces of services.
func (f *file) interfaces() {
	for _, d := range f.p.Decls {
		if d.Service == nil {
			continue
		}
		s := d.Service
		lines := []string{
			s.Go + " is the service " + d.Name + " on both sides: in a worker it is what " + f.called(s.Open),
			"returns, and is closed if it has a Close; in Run and ports it calls a worker.",
		}
		if len(d.Doc) > 0 {
			lines = append(append(lines, ""), d.Doc...)
		}
		f.above(headed(lines, s.Open))
		f.out.Type().Id(s.Go).InterfaceFunc(func(g *jen.Group) {
			for _, m := range s.Methods {
				doc(g, m.Doc)
				names := f.scope(m.Params)
				g.Add(note(jen.Id(m.Go).Add(names.head(m)).Add(results(m.Out)), m.Note))
			}
		})
		f.out.Line()
	}
}

// head is the parameter list of a method.
func (s *scope) head(m ir.Method) jen.Code {
	ctx := jen.Id(s.local("ctx")).Qual("context", "Context")
	return jen.Params(append([]jen.Code{ctx}, s.declared(m.Params)...)...)
}

// results are those of a function with or without one beside its error.
func results(out *ir.Type) jen.Code {
	if out == nil {
		return jen.Error()
	}
	return jen.Params(typ(*out), jen.Error())
}

// services writes the tables of methods, and the clients.
func (f *file) services() {
	for _, d := range f.p.Decls {
		if d.Service == nil {
			continue
		}
		f.methods(d.Service)
		f.client(d.Service)
	}
}

func (f *file) methods(s *ir.Service) {
	rows := make([]jen.Code, len(s.Methods))
	for i, m := range s.Methods {
		if m.Stage.From != "" {
			rows[i] = f.staged(s, m)
		} else {
			rows[i] = braces(false, key("Name", jen.Lit(m.Name)), key("Call", f.methodCall(s, m)))
		}
	}
	f.out.Var().Id(s.Table).Op("=").Index().Add(mp("Method")).Types(jen.Id(s.Go)).Add(braces(true, rows...))
	f.out.Line()
}

// methodCall makes a call on the object of a worker.
func (f *file) methodCall(s *ir.Service, m ir.Method) jen.Code {
	names := f.scope(m.Params)
	ctx, object, d, e := names.local("ctx"), names.local("s"), names.local("d"), names.local("e")
	body := names.decoded(m.Params, d, nil)
	if len(m.Params) == 0 {
		d = "_"
	}
	call := jen.Id(object).Dot(m.Go).Call(append([]jen.Code{jen.Id(ctx)}, names.given(m.Params, false)...)...)
	if m.Out == nil {
		e = "_"
		body = append(body, jen.Return(call))
	} else {
		v, err := names.local("v"), names.local("err")
		body = append(body,
			jen.List(jen.Id(v), jen.Id(err)).Op(":=").Add(call),
			f.put(jen.Id(e), jen.Id(v), *m.Out),
			jen.Return(jen.Id(err)),
		)
	}
	return jen.Func().
		Params(jen.Id(ctx).Qual("context", "Context"), jen.Id(object).Id(s.Go), decoder(d), encoder(e)).Error().
		Block(body...)
}

// staged is the row of a method that is a stage of a flow.
func (f *file) staged(s *ir.Service, m ir.Method) jen.Code {
	dead := jen.Nil()
	if m.Stage.Dead != "" {
		dead = jen.Op("&").Id(m.Stage.Dead)
	}
	call := jen.Id(s.Go).Dot(m.Go)
	if m.Out == nil {
		ctx, object, in := f.local("ctx"), f.local("s"), f.local("in")
		call = jen.Func().
			Params(jen.Id(object).Id(s.Go), jen.Id(ctx).Qual("context", "Context"), jen.Id(in).Add(typ(m.Params[0].Type))).
			Params(jen.Struct(), jen.Error()).
			Block(jen.Return(jen.Struct().Values(), jen.Id(object).Dot(m.Go).Call(jen.Id(ctx), jen.Id(in))))
	}
	return mp("Staged").Call(jen.Lit(m.Name), jen.Op("&").Id(m.Stage.From), sink(m.Stage, m.Out), dead, call)
}

// client writes the type that calls a service from elsewhere.
func (f *file) client(s *ir.Service) {
	f.above([]string{s.Client + " is a " + s.Go + " in another process."})
	f.out.Type().Id(s.Client).Add(jen.Custom(jen.Options{Open: "struct{ ", Close: " }"}, jen.Id("to").Op("*").Add(mp("Client"))))
	f.out.Line()
	for i, m := range s.Methods {
		names := f.scope(m.Params)
		c, ctx := names.local("c"), names.local("ctx")
		call := func(result jen.Code) *jen.Statement {
			return jen.Id(c).Dot("to").Dot("Call").Call(jen.Id(ctx), jen.Lit(i), names.encoded(m.Params), result)
		}
		head := f.out.Func().Params(jen.Id(c).Id(s.Client)).Id(m.Go).Add(names.head(m))
		if m.Out == nil {
			head.Error().Block(jen.Return(call(jen.Nil())))
		} else {
			v, err, d := names.local("v"), names.local("err"), names.local("d")
			decode := jen.Func().Params(decoder(d)).Add(oneLine(jen.Id(v).Op("=").Add(f.get(jen.Id(d), *m.Out))))
			head.Params(jen.Id(v).Add(typ(*m.Out)), jen.Id(err).Error()).Block(
				jen.Id(err).Op("=").Add(call(decode)),
				jen.Return(jen.Id(v), jen.Id(err)),
			)
		}
		f.out.Line()
	}
}
