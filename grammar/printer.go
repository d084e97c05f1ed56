package grammar

// The printer goes through the tree and names the gap before each token.

// file prints all. A blank line parts the package clause, the imports and the declarations, and stands around what takes
// several lines.
func (p *printer) file(f *File) {
	p.between(true, false)
	above, parted := 0, true // the first line of what stands above an item, and whether a blank line is there
	parts := children(f)
	for i, n := range parts {
		long := p.item(func() { p.top(n) })
		if long && !parted {
			p.lines[above].blank = true
		}
		above, parted = len(p.lines), false
		p.between(false, false)
		if above < len(p.lines) && (long || i+1 < len(parts) && section(n) != section(parts[i+1])) {
			p.lines[above].blank = true
		}
		for _, l := range p.lines[above:] {
			parted = parted || l.blank
		}
	}
}

// section tells the package clause, imports and declarations apart.
func section(n Node) int {
	switch n.(type) {
	case *Package:
		return 0
	case *Import:
		return 1
	}
	return 2
}

// top prints a part of the file. Shared objects make one table, whatever they are; other declarations one for each keyword.
// Those with parameters are no rows, as they read like functions.
func (p *printer) top(n Node) {
	switch n := n.(type) {
	case *Package:
		p.row("package", 1)
		p.put(space)
		p.put(space)
	case *Import:
		p.imports(n)
	case *Struct:
		p.head("struct")
		p.list(cell, len(n.Fields), func(i int) { p.field(n.Fields[i]) })
	case *Enum:
		p.head("enum")
		p.list(cell, len(n.Values), func(i int) {
			p.row("value", 1)
			p.put(space)
		})
	case *Sandbox:
		p.head("sandbox")
		p.block(cell, n.Block)
	case *Typed:
		p.row("object", 4)
		p.put(space)
		p.put(cell)
		p.typ(cell, n.Type)
		p.block(cell, n.Block)
	case *Plain:
		p.row("object", 4)
		p.put(space)
		p.put(cell)
		if n.Block != nil {
			p.empty()
		}
		p.block(cell, n.Block)
	case *Process:
		p.head("process")
		if n.Instances != nil {
			p.put(glue)
			p.number(n.Instances.Count)
			p.put(glue)
		}
		p.function(n.Params, nil, n.Bind, n.Block)
	case *Pool:
		p.head("pool")
		p.function(n.Params, n.Result, n.Bind, n.Block)
	case *Service:
		p.head("service")
		p.function(n.Params, nil, n.Bind, n.Block)
	case *Flow:
		p.row("flow", 1)
		p.put(space)
		p.ref(space, n.Stages[0])
		for _, s := range n.Stages[1:] {
			p.put(space)
			p.ref(soft, s)
		}
	}
}

// head prints a keyword and a name; a block may follow as the second column.
func (p *printer) head(keyword string) {
	p.row(keyword, 2)
	p.put(space)
	p.put(space)
}

// function prints what follows the name of a process, pool or service.
func (p *printer) function(params *Params, result Type, bind *Ref, block *Block) {
	behind := cell
	if params != nil {
		p.row("function", 1)
		p.params(params)
		behind = space
	}
	p.typ(space, result)
	if bind != nil {
		p.put(space)
		p.ref(space, bind)
	}
	p.block(behind, block)
}

func (p *printer) imports(d *Import) {
	p.row("import", 1)
	p.put(space)
	if !d.Paren {
		p.spec(d.Specs[0])
		return
	}
	p.put(space)
	if len(d.Group) == 0 && p.next().closes() {
		p.put(glue)
		return
	}
	p.sortImports(d.Group)
	p.openUp(len(d.Group), false, func(i int) { p.spec(d.Group[i]) })
}

func (p *printer) spec(s *ImportSpec) {
	p.row("import", 1)
	if s.Alias != nil {
		p.put(space)
	}
	p.put(space)
}

func (p *printer) field(f *Field) {
	p.row("field", 2)
	p.put(space)
	for range f.Names[1:] {
		p.put(glue)
		p.put(soft)
	}
	p.typ(cell, f.Type)
}

func (p *printer) params(l *Params) {
	p.list(glue, len(l.List), func(i int) {
		p.row("parameter", 1)
		p.put(space)
		p.typ(space, l.List[i].Type)
	})
}

// block prints settings and methods, if there is a block.
func (p *printer) block(g gap, b *Block) {
	if b == nil {
		return
	}
	p.list(g, len(b.Items), func(i int) {
		switch n := b.Items[i].(type) {
		case *Method:
			p.row("method", 1)
			p.put(space)
			p.put(space)
			p.params(n.Params)
			p.typ(space, n.Result)
		case *Setting:
			p.row("setting", 2)
			p.put(space)
			p.values(n.Values)
			p.block(cell, n.Block)
		}
	})
}

func (p *printer) values(vs []*Value) {
	g := cell
	for _, v := range vs {
		if g == soft {
			p.put(glue)
		}
		if v.Ref != nil {
			p.ref(g, v.Ref)
		} else {
			p.put(g)
		}
		g = soft
	}
}

func (p *printer) typ(g gap, t Type) {
	switch t := t.(type) {
	case *NamedType:
		p.ref(g, t.Ref)
		if t.Arg != nil {
			p.put(glue)
			p.typ(glue, t.Arg)
			p.put(glue)
		}
	case *ArrayType:
		p.put(g)
		p.number(t.Len)
		p.put(glue)
		p.typ(glue, t.Elem)
	case *MapType:
		p.put(g)
		p.put(glue)
		p.typ(glue, t.Key)
		p.put(glue)
		p.typ(glue, t.Elem)
	case *PointerType:
		p.put(g)
		p.typ(glue, t.Elem)
	}
}

func (p *printer) number(n *Number) {
	if n != nil {
		p.put(glue)
	}
}

func (p *printer) ref(g gap, r *Ref) {
	p.put(g)
	if r.Sel != nil {
		p.put(glue)
		p.put(glue)
	}
}
