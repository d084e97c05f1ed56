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
			f.starts(g, d)
			switch {
			case d.Process != nil:
				p := d.Process
				g.Id(d.Row).Dot("Main").Op("=").Add(f.opening(p.Func, p.Ports, p.Params, ""))
			case d.Pool != nil && d.Pool.Ports.Type != "":
				g.Id(d.Row).Dot(poolField(d.Pool, "Open", "OpenMany")).Op("=").Add(f.poolOpen(d.Pool))
			case d.Pool != nil:
				g.Id(d.Row).Dot(poolField(d.Pool, "Func", "Many")).Op("=").Add(f.poolFunc(d.Pool))
			case d.Service != nil:
				s := d.Service
				g.Id(d.Row).Dot("Open").Op("=").Add(f.opening(s.Open, s.Ports, s.Params, s.Go))
			}
		}
		g.Add(mp("Register")).Call(jen.Op("&").Id("mpPipeline"))
	})
	f.out.Line()
}

// starts says whom a row may start. Rows may do so in a circle, which Go lets no
// initializers do.
func (f *file) starts(g *jen.Group, d ir.Decl) {
	var rows []string
	switch {
	case d.Process != nil:
		rows = d.Process.Ports.Starts
	case d.Pool != nil:
		rows = d.Pool.Ports.Starts
	case d.Service != nil:
		rows = d.Service.Ports.Starts
	}
	if len(rows) > 0 {
		g.Id(d.Row).Dot("Starts").Op("=").Add(listOf(jen.Op("*").Add(mp("ProcessDecl")), rows))
	}
}

// opening calls the function of a process, or the one that opens the object of a
// service, with its ports and arguments.
func (f *file) opening(fn ir.Func, p ir.Ports, params []ir.Param, object string) jen.Code {
	names := f.calling(fn, params)
	ctx, n, d := names.local("ctx"), names.local("n"), names.local("d")
	var failed jen.Code
	results := jen.Error()
	if object != "" {
		failed = jen.Nil()
		results = jen.Params(jen.Id(object), jen.Error())
	}
	body := names.decoded(params, d, failed)
	var args []jen.Code
	if p.Type != "" {
		args = append(args, portsIn(p, n))
	} else {
		n = "_"
	}
	if len(params) == 0 {
		d = "_"
	}
	call := f.call(fn, ctx, append(args, names.given(params, fn.Spread)...))
	switch {
	case !fn.Sure:
		body = append(body, jen.Return(call))
	case object != "":
		body = append(body, jen.Return(call, jen.Nil()))
	default:
		body = append(body, call, jen.Return(jen.Nil()))
	}
	return jen.Func().
		Params(jen.Id(unlessBare(fn, ctx)).Qual("context", "Context"), jen.Id(n).Op("*").Add(mp("Node")), decoder(d)).Add(results).
		Block(body...)
}

// calling is the names of a closure that calls a function and has the parameters.
func (f *file) calling(fn ir.Func, params []ir.Param) *scope {
	s := f.scope(params)
	if fn.Path == "" {
		s.params = append(s.params, fn.Name)
		for i, p := range s.params[:len(params)] {
			if p == fn.Name {
				s.params[i] = s.local(p)
			}
		}
	}
	return s
}

// call calls a function of the user's, or one that it is bound to.
func (f *file) call(fn ir.Func, ctx string, args []jen.Code) *jen.Statement {
	if !fn.Bare {
		args = append([]jen.Code{jen.Id(ctx)}, args...)
	}
	return named(fn).Call(args...)
}

// named is the function as an expression.
func named(fn ir.Func) *jen.Statement {
	if fn.Path != "" {
		return jen.Qual(fn.Path, fn.Name)
	}
	return jen.Id(fn.Name)
}

// called is the function in a comment.
func (f *file) called(fn ir.Func) string {
	for _, i := range f.p.Imports {
		if i.Path == fn.Path {
			return i.Name + "." + fn.Name
		}
	}
	return fn.Name
}

// unlessBare is the name of a context, which Go lets nobody name in vain.
func unlessBare(fn ir.Func, ctx string) string {
	if fn.Bare {
		return "_"
	}
	return ctx
}

// decoded reads the parameters, and returns if that failed: of no call is a part
// made up. failed is what is returned beside the error.
func (s *scope) decoded(params []ir.Param, d string, failed jen.Code) []jen.Code {
	if len(params) == 0 {
		return nil
	}
	var body []jen.Code
	for i, p := range params {
		body = append(body, jen.Id(s.params[i]).Op(":=").Add(s.f.get(jen.Id(d), p.Type)))
	}
	err := s.local("err")
	results := []jen.Code{jen.Id(err)}
	if failed != nil {
		results = []jen.Code{failed, jen.Id(err)}
	}
	return append(body, jen.If(jen.Id(err).Op(":=").Id(d).Dot("Err").Call(), jen.Id(err).Op("!=").Nil()).Block(jen.Return(results...)))
}

// given are the parameters as arguments of a call, the last one perhaps spread.
func (s *scope) given(params []ir.Param, spread bool) []jen.Code {
	list := make([]jen.Code, len(params))
	for i := range params {
		arg := jen.Id(s.params[i])
		if spread && i == len(params)-1 {
			arg.Op("...")
		}
		list[i] = arg
	}
	return list
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

// poolFunc is the function of a pool, or calls it if its form is another one: with
// several parameters, without a result, or bound and without a context or an error.
func (f *file) poolFunc(p *ir.Pool) jen.Code {
	fn := p.Func
	if p.Out != nil && p.Bundle == nil && !fn.Bare && !fn.Sure && !fn.Spread {
		return named(fn)
	}
	return f.poolCall(p, "")
}

// poolField is the field of a row for the function of a pool, which has another form
// if it takes batches.
func poolField(p *ir.Pool, one, many string) string {
	if p.Batch != 0 {
		return many
	}
	return one
}

// poolType is what a pool's function is given or gives, of the type of one task.
func poolType(p *ir.Pool, of jen.Code) jen.Code {
	if p.Batch != 0 {
		return jen.Index().Add(of)
	}
	return of
}

// poolOpen makes the ports of a worker once, for all its tasks.
func (f *file) poolOpen(p *ir.Pool) jen.Code {
	names := f.calling(p.Func, nil)
	n, ports := names.local("n"), names.local("p")
	return jen.Func().Params(jen.Id(n).Op("*").Add(mp("Node"))).
		Func().Params(jen.Qual("context", "Context"), poolType(p, typ(p.In))).Params(poolType(p, result(p.Out)), jen.Error()).
		Block(
			jen.Id(ports).Op(":=").Add(portsIn(p.Ports, n)),
			jen.Return(f.poolCall(p, ports)),
		)
}

// poolCall is a function of a task that calls the pool's.
func (f *file) poolCall(p *ir.Pool, ports string) jen.Code {
	fn := p.Func
	names := f.calling(fn, nil)
	ctx, in := names.local("ctx"), names.local("in")
	var args []jen.Code
	if ports != "" {
		args = append(args, jen.Id(ports))
	}
	if p.Bundle == nil {
		args = append(args, jen.Id(in))
	} else {
		in = names.local("task")
		for _, field := range p.Bundle.Fields {
			args = append(args, jen.Id(in).Dot(field.Go))
		}
	}
	if fn.Spread {
		args[len(args)-1] = jen.Add(args[len(args)-1]).Op("...")
	}
	call := f.call(fn, ctx, args)
	nothing := jen.Struct().Values()
	if p.Batch != 0 { // for each task
		nothing = jen.Make(jen.Index().Struct(), jen.Len(jen.Id(in)))
	}
	var body []jen.Code
	switch {
	case p.Out == nil && fn.Sure:
		body = []jen.Code{call, jen.Return(nothing, jen.Nil())}
	case p.Out == nil:
		body = []jen.Code{jen.Return(nothing, call)}
	case fn.Sure:
		body = []jen.Code{jen.Return(call, jen.Nil())}
	default:
		body = []jen.Code{jen.Return(call)}
	}
	return jen.Func().
		Params(jen.Id(unlessBare(fn, ctx)).Qual("context", "Context"), jen.Id(in).Add(poolType(p, typ(p.In)))).
		Params(poolType(p, result(p.Out)), jen.Error()).
		Block(body...)
}
