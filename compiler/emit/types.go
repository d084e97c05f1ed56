package emit

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// types writes the declared structs and enums.
func (f *file) types() {
	for _, d := range f.p.Decls {
		switch {
		case d.Struct != nil:
			f.above(d.Doc)
			f.structure(d.Struct)
		case d.Pool != nil && d.Pool.Bundle != nil:
			f.above([]string{d.Pool.Bundle.Go + " is a task of the pool " + d.Name + "."})
			f.structure(d.Pool.Bundle)
		case d.Enum != nil:
			f.enum(d)
		}
	}
}

func (f *file) structure(s *ir.Struct) {
	f.out.Type().Id(s.Go).StructFunc(func(g *jen.Group) {
		for _, field := range s.Fields {
			doc(g, field.Doc)
			g.Add(note(jen.Id(field.Go).Add(typ(field.Type)), field.Note))
		}
	})
	f.out.Line()
}

func (f *file) enum(d ir.Decl) {
	name, v := d.Enum.Go, f.local("v")
	f.above(d.Doc)
	f.out.Type().Id(name).Uint8()
	f.out.Line()
	words := make([]string, len(d.Enum.Values))
	f.out.Const().DefsFunc(func(g *jen.Group) {
		for i, value := range d.Enum.Values {
			words[i] = value.Name
			doc(g, value.Doc)
			c := jen.Id(value.Go)
			if i == 0 {
				c.Id(name).Op("=").Iota()
			}
			g.Add(note(c, value.Note))
		}
	})
	f.out.Line()
	f.out.Func().Params(jen.Id(v).Id(name)).Id("String").Params().String().
		Add(oneLine(jen.Return(mp("EnumName").Call(jen.Id(v), jen.Lit(strings.Join(words, " "))))))
	f.out.Line()
}

// above writes comment lines at package level.
func (f *file) above(lines []string) { doc(f.out.Group, lines) }

// ports writes what each process, pool and service can reach.
func (f *file) ports() {
	for _, d := range f.p.Decls {
		switch {
		case d.Process != nil:
			p := d.Process
			f.portsOf(d, p.Ports, "process", p.Func)
		case d.Pool != nil:
			p := d.Pool
			f.portsOf(d, p.Ports, "pool", p.Func)
		case d.Service != nil:
			s := d.Service
			f.portsOf(d, s.Ports, "service", s.Open)
		}
	}
}

func (f *file) portsOf(d ir.Decl, p ir.Ports, kind string, called ir.Func) {
	if p.Type == "" {
		return
	}
	lines := []string{p.Type + " is what the " + kind + " " + d.Name + " can reach."}
	if len(d.Doc) > 0 && kind != "service" {
		lines = append(append(lines, ""), d.Doc...)
	}
	f.above(headed(lines, called))
	f.out.Type().Id(p.Type).StructFunc(func(g *jen.Group) {
		if p.Instance {
			g.List(jen.Id("Instance"), jen.Id("Instances")).Int().Comment("// this one, from 0, and how many")
		}
		fields(g, p.Fields)
	})
	f.out.Line()
}

// headed is a comment that ends with the head of the function that the author writes.
func headed(lines []string, fn ir.Func) []string {
	if fn.Head == "" {
		return lines
	}
	return append(lines, "", "\t"+fn.Head)
}

// fields writes ports as fields of a struct.
func fields(g *jen.Group, ports []ir.Port) {
	for _, p := range ports {
		doc(g, p.Doc)
		g.Add(note(jen.Id(p.Go).Add(handle(p)), p.Note))
	}
}

// handle is the type of a port.
func handle(p ir.Port) *jen.Statement {
	switch p.Kind {
	case ir.Sender:
		return jen.Op("*").Add(mp("Sender")).Types(typ(p.Type))
	case ir.Receiver:
		return jen.Op("*").Add(mp("Receiver")).Types(typ(p.Type))
	case ir.Both:
		return jen.Op("*").Add(mp("Queue")).Types(typ(p.Type))
	case ir.Caller:
		return jen.Op("*").Add(mp("Pool")).Types(typ(p.Type), result(p.Out))
	case ir.Client:
		return jen.Id(p.Iface)
	case ir.Starter:
		return jen.Func().Params(starting(p.Params)...).Params(started()...)
	case ir.Memory, ir.ReadOnly:
		return jen.Index().Add(typ(p.Type))
	default:
		return jen.Op("*").Add(of(p.Handle, p.Types))
	}
}

// of is a type of package mp, made for some types or for none.
func of(name string, types []ir.Type) *jen.Statement {
	s := mp(name)
	if len(types) == 0 {
		return s
	}
	return s.TypesFunc(func(g *jen.Group) {
		for _, t := range types {
			g.Add(typ(t))
		}
	})
}

// opened is a port's row, opened in node n.
func opened(p ir.Port, n jen.Code) *jen.Statement {
	if p.Kind == ir.Client {
		return jen.Id(p.Client).Add(braces(false, jen.Id(p.Row).Dot("Client").Call(n)))
	}
	if p.Kind == ir.Starter {
		return jen.Id(p.Start).Call(n)
	}
	method := map[ir.PortKind]string{
		ir.Sender: "Sender", ir.Receiver: "Receiver", ir.Both: "Both", ir.Caller: "Pool", ir.ReadOnly: "ReadIn",
	}[p.Kind]
	if method == "" {
		method = "In"
	}
	return jen.Id(p.Row).Dot(method).Call(n)
}
