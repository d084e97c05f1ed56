package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// wire writes init, which puts the user's functions into the rows. They can't
// stand in the rows themselves: a function that calls Start would need the rows
// that need the function.
func (f *file) wire() {
	f.out.Func().Id("init").Params().BlockFunc(func(g *jen.Group) {
		for _, d := range f.p.Decls {
			switch {
			case d.Process != nil:
				g.Id(d.Row).Dot("Main").Op("=").Add(f.processMain(d.Process))
			case d.Pool != nil:
				g.Id(d.Row).Dot("Func").Op("=").Add(f.poolFunc(d.Pool))
			}
		}
		g.Add(mp("Register")).Call(jen.Op("&").Id("mpPipeline"))
	})
	f.out.Line()
}

// processMain calls the user's function with its ports and arguments.
func (f *file) processMain(p *ir.Process) jen.Code {
	ctx, n, d := f.beside(p.Func, "ctx"), f.beside(p.Func, "n"), f.beside(p.Func, "d")
	args := []jen.Code{jen.Id(ctx)}
	if p.Ports != "" {
		var elems []jen.Code
		for _, port := range p.Fields {
			elems = append(elems, key(port.Go, opened(port, jen.Id(n))))
		}
		args = append(args, jen.Op("&").Id(p.Ports).Add(braces(len(elems) > 1, elems...)))
	} else {
		n = "_"
	}
	for _, param := range p.Params {
		args = append(args, f.get(jen.Id(d), param.Type))
	}
	if len(p.Params) == 0 {
		d = "_"
	}
	return jen.Func().
		Params(jen.Id(ctx).Qual("context", "Context"), jen.Id(n).Op("*").Add(mp("Node")), decoder(d)).Error().
		Block(jen.Return(jen.Id(p.Func).Call(args...)))
}

// poolFunc is the user's function, or calls it if it has no result.
func (f *file) poolFunc(p *ir.Pool) jen.Code {
	if p.Out != nil {
		return jen.Id(p.Func)
	}
	ctx, in := f.beside(p.Func, "ctx"), f.beside(p.Func, "in")
	return jen.Func().
		Params(jen.Id(ctx).Qual("context", "Context"), jen.Id(in).Add(typ(p.In))).
		Params(jen.Struct(), jen.Error()).
		Block(jen.Return(jen.Struct().Values(), jen.Id(p.Func).Call(jen.Id(ctx), jen.Id(in))))
}
