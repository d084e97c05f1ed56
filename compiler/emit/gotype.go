package emit

import (
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/mpgen/mpgen/compiler/ir"
)

// typ is a type as Go code.
func typ(t ir.Type) *jen.Statement {
	switch t.Kind {
	case ir.String:
		return jen.String()
	case ir.Bytes:
		return jen.Index().Byte()
	case ir.Array:
		return jen.Index(jen.Lit(int(t.Len))).Add(typ(*t.Elem))
	case ir.Slice:
		return jen.Index().Add(typ(*t.Elem))
	case ir.Map:
		return jen.Map(typ(*t.Key)).Add(typ(*t.Elem))
	case ir.Pointer:
		return jen.Op("*").Add(typ(*t.Elem))
	case ir.Imported:
		return jen.Qual(t.Path, t.Name)
	case ir.File:
		return jen.Op("*").Qual("os", "File")
	case ir.Block:
		return mp("Block")
	case ir.Failed:
		return mp("Failed").Types(typ(*t.Elem))
	default:
		return jen.Id(t.Name)
	}
}

// result is the type of a pool's result: nothing is an empty struct.
func result(t *ir.Type) *jen.Statement {
	if t == nil {
		return jen.Struct()
	}
	return typ(*t)
}

var units = []struct {
	of   time.Duration
	name string
}{
	{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"},
	{time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}, {time.Nanosecond, "Nanosecond"},
}

// duration is nanoseconds in the largest unit that counts them whole.
func duration(ns int64) jen.Code {
	for _, u := range units {
		if n := ns / int64(u.of); ns%int64(u.of) == 0 && n != 0 {
			if n == 1 {
				return jen.Qual("time", u.name)
			}
			return jen.Lit(int(n)).Op("*").Qual("time", u.name)
		}
	}
	return jen.Lit(0)
}

// size is bytes, shifted where they are a whole number of binary units.
func size(bytes int64) jen.Code {
	for shift := 40; shift > 0; shift -= 10 {
		if n := bytes >> shift; n != 0 && n<<shift == bytes {
			return jen.Lit(int(n)).Op("<<").Lit(shift)
		}
	}
	return jen.Lit(int(bytes))
}
