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
				p := d.Process
				g.Id(d.Row).Dot("Main").Op("=").Add(f.opening(p.Func, p.Ports, p.Params, jen.Error()))
			case d.Pool != nil && d.Pool.Ports.Type != "":
				g.Id(d.Row).Dot("Open").Op("=").Add(f.poolOpen(d.Pool))
			case d.Pool != nil:
				g.Id(d.Row).Dot("Func").Op("=").Add(f.poolFunc(d.Pool))
			case d.Service != nil:
				s := d.Service
				g.Id(d.Row).Dot("Open").Op("=").Add(f.opening(s.Open, s.Ports, s.Params, jen.Params(jen.Id(s.Go), jen.Error())))
			}
		}
		g.Add(mp("Register")).Call(jen.Op("&").Id("mpPipeline"))
	})
	f.out.Line()
}

// opening calls the user's function of a process or service with its ports and
// arguments.
func (f *file) opening(call string, p ir.Ports, params []ir.Param, results jen.Code) jen.Code {
	ctx, n, d := f.beside(call, "ctx"), f.beside(call, "n"), f.beside(call, "d")
	args := []jen.Code{jen.Id(ctx)}
	if p.Type != "" {
		args = append(args, portsIn(p, n))
	} else {
		n = "_"
	}
	for _, param := range params {
		args = append(args, f.get(jen.Id(d), param.Type))
	}
	if len(params) == 0 {
		d = "_"
	}
	return jen.Func().
		Params(jen.Id(ctx).Qual("context", "Context"), jen.Id(n).Op("*").Add(mp("Node")), decoder(d)).Add(results).
		Block(jen.Return(jen.Id(call).Call(args...)))
}

// portsIn is a struct of ports, opened in node n.
func portsIn(p ir.Ports, n string) jen.Code {
	var elems []jen.Code
	if p.Instance {
		elems = append(elems, jen.List(
			key("Instance", jen.Id(n).Dot("Instance").Call()),
			key("Instances", jen.Id(n).Dot("Instances").Call())))
	}
	for _, port := range p.Fields {
		elems = append(elems, key(port.Go, opened(port, jen.Id(n))))
	}
	return jen.Op("&").Id(p.Type).Add(braces(len(elems) > 1, elems...))
}

// poolFunc is the user's function, or calls it if its form is another one: with
// several parameters, or without a result.
func (f *file) poolFunc(p *ir.Pool) jen.Code {
	if p.Out != nil && p.Bundle == nil {
		return jen.Id(p.Func)
	}
	return f.poolCall(p, "")
}

// poolOpen makes the ports of a worker once, for all its tasks.
func (f *file) poolOpen(p *ir.Pool) jen.Code {
	n, ports := f.beside(p.Func, "n"), f.beside(p.Func, "p")
	return jen.Func().Params(jen.Id(n).Op("*").Add(mp("Node"))).
		Func().Params(jen.Qual("context", "Context"), typ(p.In)).Params(result(p.Out), jen.Error()).
		Block(
			jen.Id(ports).Op(":=").Add(portsIn(p.Ports, n)),
			jen.Return(f.poolCall(p, ports)),
		)
}

// poolCall is a function of a task that calls the user's.
func (f *file) poolCall(p *ir.Pool, ports string) jen.Code {
	ctx, in := f.beside(p.Func, "ctx"), f.beside(p.Func, "in")
	args := []jen.Code{jen.Id(ctx)}
	if ports != "" {
		args = append(args, jen.Id(ports))
	}
	if p.Bundle == nil {
		args = append(args, jen.Id(in))
	} else {
		in = f.beside(p.Func, "task")
		for _, field := range p.Bundle.Fields {
			args = append(args, jen.Id(in).Dot(field.Go))
		}
	}
	call := []jen.Code{jen.Id(p.Func).Call(args...)}
	if p.Out == nil {
		call = []jen.Code{jen.Struct().Values(), call[0]}
	}
	return jen.Func().
		Params(jen.Id(ctx).Qual("context", "Context"), jen.Id(in).Add(typ(p.In))).
		Params(result(p.Out), jen.Error()).
		Block(jen.Return(call...))
}
