package compiler

import (
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/ir"
)

// Rules about what has room where.
var sizeRules = []rule{
	{vetted(diag.Info{Code: "MP0607", Name: "item-too-big",
		Title: "an item, task or value takes more room than there is for all",
		Text: "The least that a type takes is known: the memory of what is flat, and 4 bytes for each string, slice and map. " +
			"If that is more than the bytes of a queue or pool, or the slot of a value, each Send, Call or Store fails with ErrTooBig.",
		Wrong: `package main

struct Frame { name string; pix [1000000]byte }

queue frames Frame { bytes 512KiB }

process film { send frames }
process show { receive frames }
`,
		Right: `package main

struct Frame { name string; pix [1000000]byte }

queue frames Frame { bytes 16MiB; capacity 16 }

process film { send frames }
process show { receive frames }
`}), (*unit).checkBigItems},
	{vetted(diag.Info{Code: "MP0608", Name: "capacity-out-of-reach",
		Title: "a queue is full long before it holds as many items as its capacity says",
		Text: "Items larger than a slot lie in the queue's bytes, and what is used up first makes senders wait. " +
			"So a capacity, or the default of 1024, that its bytes could not hold says nothing.",
		Wrong: `package main

struct Frame { name string; pix [1000000]byte }

queue frames Frame { capacity 256 }

process film { send frames }
process show { receive frames }
`,
		Right: `package main

struct Frame { name string; pix [1000000]byte }

queue frames Frame { capacity 64 }

process film { send frames }
process show { receive frames }
`}), (*unit).checkCapacities},
}

func (u *unit) checkBigItems(report func(diag.Diagnostic)) {
	tell := func(s *symbol, what string, t *ir.Type, key string) {
		least, room := u.least(t), s.amount(key)
		if least <= room {
			return
		}
		at := diag.At(s.name)
		if given := s.given[key]; given.at != nil {
			at = diag.At(given.at)
		}
		verb := "are"
		if key == "slot" {
			verb = "is"
		}
		report(doubt(at, "%s of %s takes %s at least, and its %s %s %s: none will ever fit", what, s, SizeText(least), key, verb, SizeText(room)).
			WithLabel("too little for one").
			WithHelp("write %s with more than %s, or make it smaller", key, SizeText(least)))
	}
	for _, s := range u.order {
		switch {
		case s.kind == "queue" || s.kind == "pipe":
			tell(s, "an item", s.typ, "bytes")
		case s.kind == "value" && !s.typ.Flat:
			tell(s, "an encoding", s.typ, "slot")
		case s.serves():
			for _, f := range s.funcs {
				tell(s, "a task", f.in, "bytes")
				if f.hasOut {
					tell(s, "a result", f.out, "bytes")
				}
			}
		}
	}
}

// inline is the memory of the largest flat item that lies in its slot, whatever that is.
const inline = 4096

func (u *unit) checkCapacities(report func(diag.Diagnostic)) {
	for _, q := range u.order {
		if q.kind != "queue" && q.kind != "pipe" {
			continue
		}
		slot := q.amount("slot")
		if q.typ.Flat {
			slot = inline
		}
		least, capacity, bytes := u.least(q.typ), q.amount("capacity"), q.amount("bytes")
		if least <= slot || least > bytes || least*capacity <= bytes {
			continue
		}
		at := diag.At(q.name)
		if given := q.given["capacity"]; given.at != nil {
			at = diag.At(given.at)
		}
		report(doubt(at, "%s holds %s at most, not %d: an item takes %s at least, and its bytes are %s", q, counted(bytes/least, "item"), capacity, SizeText(least), SizeText(bytes)).
			WithLabel("out of reach").
			WithHelp("write capacity %d, or bytes %s", bytes/least, SizeText((least*capacity+mib-1)/mib*mib)))
	}
}

// least is the fewest bytes that a value of a type takes on its way, as package mp
// encodes it; what is not known counts as nothing.
func (u *unit) least(t *ir.Type) int64 {
	switch {
	case t == nil:
		return 0
	case t.Flat:
		return u.extent(t).size
	}
	switch t.Kind {
	case ir.String, ir.Bytes, ir.Slice, ir.Map:
		return 4 // its length
	case ir.Block:
		return 4 // its number, if there is one
	case ir.Pointer:
		return 1
	case ir.Array:
		return times(u.least(t.Elem), t.Len)
	case ir.Failed:
		return u.least(t.Elem)
	case ir.Declared:
		s := u.declared(t)
		n, known := u.leasts[s]
		if !known {
			for _, f := range s.fields {
				n = min(n+u.least(f.typ), maxMemory)
			}
			u.leasts[s] = n
		}
		return n
	}
	return 0
}
