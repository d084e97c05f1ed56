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
			f.out.Type().Id(d.Struct.Go).StructFunc(func(g *jen.Group) {
				for _, field := range d.Struct.Fields {
					doc(g, field.Doc)
					g.Add(note(jen.Id(field.Go).Add(typ(field.Type)), field.Note))
				}
			})
			f.out.Line()
		case d.Enum != nil:
			f.enum(d)
		}
	}
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

// ports writes what each process can reach.
func (f *file) ports() {
	for _, d := range f.p.Decls {
		if d.Process == nil || d.Process.Ports == "" {
			continue
		}
		p := d.Process
		lines := []string{p.Ports + " is what the process " + d.Name + " can reach.", ""}
		if len(d.Doc) > 0 {
			lines = append(append(lines, d.Doc...), "")
		}
		f.above(append(lines, "\t"+f.signature(p)))
		f.out.Type().Id(p.Ports).StructFunc(func(g *jen.Group) { fields(g, p.Fields) })
		f.out.Line()
	}
}

// signature is the head of the function that the user writes.
func (f *file) signature(p *ir.Process) string {
	ports := "p"
	for _, param := range p.Params {
		if param.Name == "p" {
			ports = "ports"
		}
	}
	var b strings.Builder
	b.WriteString("func " + p.Func + "(ctx context.Context, " + ports + " *" + p.Ports)
	for _, param := range p.Params {
		b.WriteString(", " + param.Name + " " + f.text(param.Type))
	}
	return b.String() + ") error"
}

// text is a type in a comment.
func (f *file) text(t ir.Type) string {
	switch t.Kind {
	case ir.Array, ir.Slice, ir.Map, ir.Pointer, ir.Failed, ir.Imported:
		// A file of its own: a type in a comment is no use of its import.
		probe := jen.NewFile("")
		for _, i := range f.p.Imports {
			probe.ImportName(i.Path, i.Name)
		}
		var b strings.Builder
		if err := typ(t).RenderWithFile(&b, probe); err == nil {
			return b.String()
		}
	case ir.Bytes:
		return "[]byte"
	case ir.String:
		return "string"
	}
	return t.Name
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
	default:
		return jen.Op("*").Add(mp("Number")).Types(typ(p.Type))
	}
}

// opened is a port's row, opened in node n.
func opened(p ir.Port, n jen.Code) *jen.Statement {
	method := map[ir.PortKind]string{
		ir.Sender: "Sender", ir.Receiver: "Receiver", ir.Both: "Both", ir.Caller: "Pool", ir.Shared: "In",
	}[p.Kind]
	return jen.Id(p.Row).Dot(method).Call(n)
}
