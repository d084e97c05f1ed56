package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// station is a part of a flow: a queue, or a function that works between two.
type station struct {
	ref   *grammar.Ref
	queue *symbol
	fn    *function
}

func (s station) missing() bool { return s.queue == nil && s.fn == nil }

func (s station) kind() string {
	switch {
	case s.queue != nil:
		return "queue"
	case s.fn.method != nil:
		return "func"
	}
	return "pool"
}

func (s station) String() string {
	if s.queue != nil {
		return s.queue.String()
	}
	return s.fn.String()
}

// checkFlow puts the functions of a flow between their queues. A flow starts with a
// queue, and queues and functions take turns; a function at the end has no result.
func (u *unit) checkFlow(flow *grammar.Flow) {
	before := len(u.found)
	stations := make([]station, len(flow.Stages))
	for i, ref := range flow.Stages {
		stations[i] = u.station(ref)
		if s := u.symbols[ref.Name.Text]; stations[i].missing() && s != nil && s.decl != nil {
			u.excuseBlock(blockOf(s.decl)) // of what would be said of it as a stage
		}
	}
	defer func() {
		if slices.ContainsFunc(stations, station.missing) || len(u.found) > before {
			u.excuseDecl(flow)
		}
	}()
	for i, s := range stations {
		switch {
		case s.missing():
			continue
		case i == 0 && s.fn != nil:
			u.add(startsWithPool(s))
			continue
		case i > 0 && !stations[i-1].missing() && (stations[i-1].fn == nil) == (s.fn == nil):
			u.add(sameTwice(s, stations[i-1]))
			// What stands behind is read as if the missing one were there.
			continue
		case s.fn == nil || stations[i-1].missing():
			continue
		case s.fn.flow != nil:
			u.add(twoFlows(s))
			continue
		case len(s.fn.params) == 0 && s.fn.method == nil:
			u.excuseDecl(flow) // a pool without a parameter was told
			continue
		case len(s.fn.params) != 1:
			u.add(notOneParameter(s))
			continue
		}
		for _, f := range s.fn.of.funcs {
			if f.from == stations[i-1].queue {
				u.add(sameQueue(s, stations[i-1].queue, f))
			}
		}
		s.fn.flow, s.fn.from = s.ref, stations[i-1].queue
		next := station{}
		if i+1 < len(stations) {
			next = stations[i+1]
		}
		s.fn.to = next.queue
		u.checkStageTypes(s, next, i+1 == len(stations))
	}
}

// station finds what a part of a flow stands for; it is neither queue nor function
// if there is nothing, which is then reported or was.
func (u *unit) station(ref *grammar.Ref) station {
	kinds := []string{"queue", "pool"}
	if s := u.symbols[ref.Name.Text]; ref.Sel != nil || s != nil && s.kind == "service" {
		kinds = []string{"service"}
	}
	s := u.lookupHead(ref, kinds...)
	switch {
	case s == nil:
	case s.kind == "queue":
		return station{ref: ref, queue: s}
	case s.kind == "pool":
		return station{ref: ref, fn: s.funcs[0]}
	case ref.Sel == nil:
		u.add(wholeService(ref, s))
	default:
		var names []string
		for _, f := range s.funcs {
			if f.name.Text == ref.Sel.Text {
				return station{ref: ref, fn: f}
			}
			names = append(names, f.name.Text)
		}
		if !s.decl.(*grammar.Service).Block.Inner.Broken {
			near, sure := grammar.Nearest(ref.Sel.Text, names)
			u.add(noFunc(ref, s, near, sure))
		}
	}
	return station{ref: ref}
}

// checkStageTypes checks that a stage takes what its queue gives, and gives what the next one takes.
func (u *unit) checkStageTypes(s, next station, last bool) {
	f := s.fn
	if f.in != nil && f.from.typ != nil && !same(f.in, f.from.typ) {
		u.add(wrongInput(s.ref, f))
	}
	switch {
	case last && f.hasOut:
		u.add(lostResult(s))
	case !last && !f.hasOut:
		u.add(noResult(s, next))
		f.to = nil
	case f.to != nil && f.to.typ != nil && f.out != nil:
		switch {
		case same(f.out, f.to.typ):
		case elementOf(f.out) != nil && same(elementOf(f.out), f.to.typ):
			f.each = true
		default:
			u.add(wrongOutput(next.ref, f))
		}
	}
}

// elementOf is the T of a []T, or nil.
func elementOf(t *ir.Type) *ir.Type {
	switch t.Kind {
	case ir.Slice:
		return t.Elem
	case ir.Bytes:
		return &ir.Type{Kind: ir.Basic, Name: "byte", Flat: true}
	}
	return nil
}
