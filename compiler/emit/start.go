package emit

import (
	"github.com/dave/jennifer/jen"
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
		if d.Process == nil || len(d.Process.Params) == 0 {
			continue
		}
		e := f.local("e")
		var puts []jen.Code
		for _, p := range d.Process.Params {
			puts = append(puts, f.put(jen.Id(e), jen.Id(args).Dot(p.Arg), p.Type))
		}
		with = append(with, jen.Id(d.Row).Dot("With").Call(f.encoding(jen.Func().Params(encoder(e)), puts)))
	}
	if len(with) == 0 {
		return jen.Params(first...)
	}
	lines := jen.Custom(jen.Options{Open: ",", Separator: ",", Multi: true}, with...)
	return jen.Params(jen.List(first...).Add(lines).Op(",").Line())
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
