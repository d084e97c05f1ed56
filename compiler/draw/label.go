package draw

import (
	"fmt"
	"path"
	"strings"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/ir"
)

// detail is the second line of a node's label.
func (n Node) detail() string {
	words := []string{n.Kind}
	switch n.Kind {
	case Program:
		words = []string{"the program"}
	case Process:
		switch {
		case n.OnDemand:
			words = append(words, "on demand")
			if n.StartsItself {
				words = append(words, "starts itself")
			}
		case n.Instances > 0:
			words = append(words, count(n.Instances, "instance"))
		}
		if n.Daemon {
			words = append(words, "daemon")
		}
	case Pool, Service:
		words = append(words, workers(n))
		if n.Batch > 0 {
			words = append(words, fmt.Sprintf("batches of %d", n.Batch))
		}
		if n.AtOnce > 0 {
			words = append(words, fmt.Sprintf("%d calls at once", n.AtOnce))
		}
	case Queue:
		words = []string{n.Type, givenOr(n.Capacity, "capacity", Queue)}
	default:
		if n.Type != "" {
			words[0] += " " + n.Type
		}
		if n.Memory != 0 {
			words = append(words, compiler.SizeText(n.Memory))
		}
		if n.Guard != "" {
			words = append(words, "guard "+n.Guard)
		}
		for _, s := range n.Numbers {
			words = append(words, fmt.Sprintf("%s %d", s.Name, s.N))
		}
	}
	if n.Spares > 0 {
		words = append(words, count(n.Spares, "spare"))
	}
	return strings.Join(words, " · ")
}

// label is the detail, cut to a width; of a queue the type is cut.
func (n Node) label() string {
	tail := ""
	if n.Kind == Queue {
		tail = strings.TrimPrefix(n.detail(), n.Type)
	}
	head := strings.TrimSuffix(n.detail(), tail)
	return fit(head, detailSize, &regular, mostDetail-width(tail, detailSize, &regular)) + tail
}

func workers(n Node) string {
	switch given := givenOr(n.Workers, "workers", n.Kind); given {
	case "1":
		return "1 worker"
	case "GOMAXPROCS":
		return "a worker per CPU"
	default:
		return given + " workers"
	}
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// givenOr is a number, or the default of the setting if it is not given.
func givenOr(n int, key, keyword string) string {
	if n != 0 {
		return fmt.Sprint(n)
	}
	for _, s := range compiler.Settings() {
		if s.Key == key && s.In == "" && s.IsOf(keyword) {
			return s.Default
		}
	}
	return ""
}

// typ is a type as a .mp file has it.
func (b *builder) typ(t ir.Type) string {
	switch t.Kind {
	case ir.String:
		return "string"
	case ir.Bytes:
		return "[]byte"
	case ir.Array:
		return fmt.Sprintf("[%d]%s", t.Len, b.typ(*t.Elem))
	case ir.Slice:
		return "[]" + b.typ(*t.Elem)
	case ir.Map:
		return "map[" + b.typ(*t.Key) + "]" + b.typ(*t.Elem)
	case ir.Pointer:
		return "*" + b.typ(*t.Elem)
	case ir.Failed:
		return "failed[" + b.typ(*t.Elem) + "]"
	case ir.Imported:
		return b.pkg(t.Path) + "." + t.Name
	}
	return t.Name
}

// pkg is the name of a package that types are imported from.
func (b *builder) pkg(of string) string {
	for _, i := range b.p.Imports {
		if i.Path == of {
			return i.Name
		}
	}
	return path.Base(of)
}

func (b *builder) types(list []ir.Type) string {
	var words []string
	for _, t := range list {
		words = append(words, b.typ(t))
	}
	return strings.Join(words, ", ")
}

func (b *builder) array(a ir.ArrayDecl) string {
	if a.Len == 0 {
		return "[]" + b.typ(a.Elem)
	}
	return fmt.Sprintf("[%d]%s", a.Len, b.typ(a.Elem))
}
