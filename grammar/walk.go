package grammar

import "slices"

// Walk calls visit for n and, as long as visit returns true, for all that n is made of, in the order of the text.
func Walk(n Node, visit func(Node) bool) {
	if !visit(n) {
		return
	}
	for _, c := range children(n) {
		Walk(c, visit)
	}
}

// children returns the direct parts of a node in the order of the text.
func children(n Node) []Node {
	var c parts
	switch n := n.(type) {
	case *File:
		one(&c, n.Package)
		many(&c, n.Imports)
		c = append(c, asNodes(n.Decls)...)
		slices.SortStableFunc(c, func(a, b Node) int { return a.Range().Pos.Offset - b.Range().Pos.Offset })
	case *Package:
		one(&c, n.Name)
	case *Import:
		many(&c, n.All())
	case *ImportSpec:
		one(&c, n.Alias)
		one(&c, n.Path)
	case *Struct:
		one(&c, n.Name)
		many(&c, n.Fields)
	case *Field:
		many(&c, n.Names)
		c.typ(n.Type)
	case *Enum:
		one(&c, n.Name)
		many(&c, n.Values)
	case *EnumValue:
		one(&c, n.Name)
	case *Typed:
		one(&c, n.Name)
		c.typ(n.Type)
		one(&c, n.Block)
	case *Plain:
		one(&c, n.Name)
		one(&c, n.Block)
	case *Process:
		one(&c, n.Name)
		one(&c, n.Instances)
		one(&c, n.Params)
		one(&c, n.Bind)
		one(&c, n.Block)
	case *Instances:
		one(&c, n.Count)
	case *Pool:
		one(&c, n.Name)
		one(&c, n.Params)
		c.typ(n.Result)
		one(&c, n.Bind)
		one(&c, n.Block)
	case *Service:
		one(&c, n.Name)
		one(&c, n.Params)
		one(&c, n.Bind)
		one(&c, n.Block)
	case *Flow:
		many(&c, n.Stages)
	case *Sandbox:
		one(&c, n.Name)
		one(&c, n.Block)
	case *Params:
		many(&c, n.List)
	case *Param:
		one(&c, n.Name)
		c.typ(n.Type)
	case *Block:
		c = asNodes(n.Items)
	case *Method:
		one(&c, n.Name)
		one(&c, n.Params)
		c.typ(n.Result)
	case *Setting:
		one(&c, n.Key)
		many(&c, n.Values)
		one(&c, n.Block)
	case *Value:
		one(&c, n.Ref)
		one(&c, n.Number)
		one(&c, n.String)
	case *NamedType:
		one(&c, n.Ref)
		c.typ(n.Arg)
	case *ArrayType:
		one(&c, n.Len)
		c.typ(n.Elem)
	case *MapType:
		c.typ(n.Key)
		c.typ(n.Elem)
	case *PointerType:
		c.typ(n.Elem)
	case *Ref:
		one(&c, n.Name)
		one(&c, n.Sel)
	}
	return c
}

type parts []Node

func (p *parts) typ(t Type) {
	if t != nil {
		*p = append(*p, t)
	}
}

// pointer is a node that a field holds, nil where it was not written.
type pointer[T any] interface {
	*T
	Node
}

func one[T any, P pointer[T]](p *parts, n P) {
	if n != nil {
		*p = append(*p, n)
	}
}

func many[T any, P pointer[T]](p *parts, ns []P) {
	for _, n := range ns {
		*p = append(*p, n)
	}
}

func asNodes[N Node](ns []N) []Node {
	nodes := make([]Node, len(ns))
	for i, n := range ns {
		nodes[i] = n
	}
	return nodes
}
