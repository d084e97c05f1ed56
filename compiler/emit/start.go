package emit

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// run writes Args and Run.
func (f *file) run() {
	if len(f.p.Args) > 0 {
		f.above([]string{"Args are the arguments of what starts with the pipeline."})
		f.out.Type().Id("Args").StructFunc(func(g *jen.Group) {
			for _, a := range f.p.Args {
				g.Id(a.Go).Add(typ(a.Type))
			}
		})
		f.out.Line()
	}
	f.above([]string{"Run is the pipeline at work."})
	f.out.Type().Id("Run").StructFunc(func(g *jen.Group) {
		g.Op("*").Add(mp("Run"))
		fields(g, f.p.Run)
	})
	f.out.Line()
}

// start writes Start, which hands arguments over and opens what Run holds.
func (f *file) start() {
	ctx, args, opts := f.local("ctx"), f.local("args"), f.local("opts")
	r, n, err := f.local("r"), f.local("n"), f.local("err")

	params := []jen.Code{jen.Id(ctx).Qual("context", "Context")}
	if len(f.p.Args) > 0 {
		params = append(params, jen.Id(args).Id("Args"))
	}
	params = append(params, jen.Id(opts).Op("...").Add(mp("Option")))
	node := n
	if len(f.p.Run) == 0 {
		node = "_"
	}

	f.above([]string{"Start starts the pipeline; it runs until Run.Close, or the end of " + ctx + "."})
	f.out.Func().Id("Start").Params(params...).Params(jen.Op("*").Id("Run"), jen.Error()).BlockFunc(func(g *jen.Group) {
		g.List(jen.Id(r), jen.Id(node), jen.Id(err)).Op(":=").Add(mp("Start")).Add(f.startCall(ctx, args, opts))
		g.If(jen.Id(err).Op("!=").Nil()).Block(jen.Return(jen.Nil(), jen.Id(err)))
		if len(f.p.Run) == 0 {
			g.Return(jen.Op("&").Id("Run").Add(braces(false, jen.Id(r))), jen.Nil())
			return
		}
		elems := []jen.Code{jen.Id("Run").Op(":").Id(r)}
		for _, p := range f.p.Run {
			elems = append(elems, jen.Id(p.Go).Op(":").Add(opened(p, jen.Id(n))))
		}
		g.Return(jen.Op("&").Id("Run").Add(braces(true, elems...)), jen.Nil())
	})
	f.out.Line()
}

// startCall is the argument list of mp.Start: a line for each process with
// arguments below the line of the rest.
func (f *file) startCall(ctx, args, opts string) jen.Code {
	first := []jen.Code{jen.Id(ctx), jen.Op("&").Id("mpPipeline"), jen.Id(opts)}
	var with []jen.Code
	for _, d := range f.p.Decls {
		switch {
		case d.Process != nil && d.Process.Spawn == "":
			with = append(with, f.with(d.Row, args, d.Process.Params)...)
		case d.Service != nil:
			with = append(with, f.with(d.Row, args, d.Service.Params)...)
		case d.Array != nil && d.Array.Arg != "":
			with = append(with, jen.Id(d.Row).Dot("WithLen").Call(jen.Id(args).Dot(d.Array.Arg)))
		}
	}
	if len(with) == 0 {
		return jen.Params(first...)
	}
	lines := jen.Custom(jen.Options{Open: ",", Separator: ",", Multi: true}, with...)
	return jen.Params(jen.List(first...).Add(lines).Op(",").Line())
}

// with is the arguments of one row, if it has some.
func (f *file) with(row, args string, params []ir.Param) []jen.Code {
	if len(params) == 0 {
		return nil
	}
	e := f.local("e")
	var puts []jen.Code
	for _, p := range params {
		puts = append(puts, f.put(jen.Id(e), jen.Id(args).Dot(p.Arg), p.Type))
	}
	return []jen.Code{jen.Id(row).Dot("With").Call(f.encoding(jen.Func().Params(encoder(e)), puts))}
}

// starters write the functions that make the ports of those who start a process.
func (f *file) starters() {
	for _, d := range f.p.Decls {
		if d.Process == nil || d.Process.Starter == "" {
			continue
		}
		p := d.Process
		s := f.scope(p.Params)
		n, ctx := s.local("n"), s.local("ctx")
		head := append([]jen.Code{jen.Id(ctx).Qual("context", "Context")}, s.declared(p.Params)...)
		f.out.Func().Id(p.Starter).Params(jen.Id(n).Op("*").Add(mp("Node"))).
			Func().Params(starting(p.Params)...).Params(started()...).
			Block(jen.Return(jen.Func().Params(head...).Params(started()...).
				Block(jen.Return(jen.Id(d.Row).Dot("SpawnFrom").Call(jen.Id(ctx), jen.Id(n), s.encoded(p.Params))))))
		f.out.Line()
	}
}

// starting and started are what the functions that start a process take and return.
// The names of parameters tell readers what they are for.
func starting(params []ir.Param) []jen.Code {
	ctx := "ctx"
	for slices.ContainsFunc(params, func(p ir.Param) bool { return p.Name == ctx }) {
		ctx += "_"
	}
	list := []jen.Code{jen.Id(ctx).Qual("context", "Context")}
	for _, p := range params {
		list = append(list, jen.Id(p.Name).Add(typ(p.Type)))
	}
	return list
}

func started() []jen.Code { return []jen.Code{jen.Op("*").Add(mp("Process")), jen.Error()} }

// spawns writes the methods of Run that start a process.
func (f *file) spawns() {
	for _, d := range f.p.Decls {
		if d.Process == nil || d.Process.Spawn == "" {
			continue
		}
		p := d.Process
		s := f.scope(p.Params)
		r, ctx := s.local("r"), s.local("ctx")
		lines := []string{p.Spawn + " starts a process " + d.Name + ", whose context ends with " + ctx + "."}
		if len(d.Doc) > 0 && p.Ports.Type == "" {
			lines = append(append(lines, ""), d.Doc...)
		}
		f.above(lines)
		f.out.Func().Params(jen.Id(r).Op("*").Id("Run")).Id(p.Spawn).
			Params(append([]jen.Code{jen.Id(ctx).Qual("context", "Context")}, s.declared(p.Params)...)...).
			Params(jen.Op("*").Add(mp("Process")), jen.Error()).
			Block(jen.Return(jen.Id(d.Row).Dot("Spawn").Call(jen.Id(ctx), jen.Id(r).Dot("Run"), s.encoded(p.Params))))
		f.out.Line()
	}
}

// declared are the parameters in the head of the function.
func (s *scope) declared(params []ir.Param) []jen.Code {
	list := make([]jen.Code, len(params))
	for i, p := range params {
		list[i] = jen.Id(s.params[i]).Add(typ(p.Type))
	}
	return list
}

// encoded is a function that encodes the parameters, or nil if there are none.
func (s *scope) encoded(params []ir.Param) jen.Code {
	if len(params) == 0 {
		return jen.Nil()
	}
	e := s.local("e")
	var puts []jen.Code
	for i, p := range params {
		puts = append(puts, s.f.put(jen.Id(e), jen.Id(s.params[i]), p.Type))
	}
	return s.f.encoding(jen.Func().Params(encoder(e)), puts)
}

// encoding gives a function its body: one statement stays on the line.
func (f *file) encoding(head *jen.Statement, stmts []jen.Code) jen.Code {
	if len(stmts) == 1 {
		return head.Add(oneLine(stmts[0]))
	}
	return head.Block(stmts...)
}

func encoder(name string) jen.Code { return jen.Id(name).Op("*").Add(mp("Encoder")) }
func decoder(name string) jen.Code { return jen.Id(name).Op("*").Add(mp("Decoder")) }
