package mp

import (
	"fmt"
	"slices"
	"strings"
)

// A pool or service may run alone, in a pipeline of its own that is made of the
// one it belongs to: it is called, whatever feeds it there, and its results go to
// the caller. What it may use is there too, and what it sends to queues the
// program itself receives. All follows from the path, which has the name of the
// row behind that of the pipeline, so the program and its processes make the same.

// aloneMark stands between the two in a path.
const aloneMark = "#"

// pipelineAt is the pipeline of a path, nil if there is none.
func pipelineAt(path string) *Pipeline {
	if p := pipelines[path]; p != nil {
		return p
	}
	of, name, _ := strings.Cut(path, aloneMark)
	if p := pipelines[of]; p != nil {
		for _, d := range p.Decls {
			if row, ok := d.(poolRow); ok && row.name() == name {
				return p.alone(row)
			}
		}
	}
	return nil
}

// aloneOf is the pipeline of one row of any of the program's pipelines.
func aloneOf(row any) (*Pipeline, error) {
	d, ok := row.(poolRow)
	if !ok {
		return nil, fmt.Errorf("%T is no row of a pool or service", row)
	}
	for _, p := range pipelines {
		for _, other := range p.Decls {
			if other == Decl(d) {
				return p.alone(d), nil
			}
		}
	}
	return nil, fmt.Errorf("%q is in no pipeline of this program: is it the row itself, and no copy of it?", d.name())
}

func (p *Pipeline) alone(row poolRow) *Pipeline {
	needed := map[Decl]bool{}
	var need func(Decl)
	need = func(d Decl) {
		if d == nil || needed[d] {
			return
		}
		needed[d] = true
		var more []Decl
		switch d := d.(type) {
		case *ProcessDecl:
			more = append(slices.Concat(d.Send, d.Receive, d.Uses, d.Reads), decls(d.Starts)...)
		case poolRow:
			s := d.shape()
			more = append(slices.Concat(s.sends, s.uses, s.reads), decls(s.starts)...)
		case sharedRow:
			more = append(more, d.place(1, 1).guard)
		}
		for _, m := range more {
			need(m)
		}
	}
	need(row)
	a := &Pipeline{Path: p.Path + aloneMark + row.name(), Source: p.Source, called: true}
	for _, d := range p.Decls {
		if !needed[d] {
			continue
		}
		a.Decls = append(a.Decls, d)
		if _, ok := d.(queueRow); ok {
			a.Main.Receive = append(a.Main.Receive, d)
		}
	}
	return a
}

func decls(processes []*ProcessDecl) (all []Decl) {
	for _, p := range processes {
		all = append(all, p)
	}
	return all
}

// shapeOf is the shape that a row has in this plan.
func (pl *plan) shapeOf(d poolRow) poolShape {
	s := d.shape()
	if pl.pipeline.called {
		s.called, s.inputs = true, nil
	}
	return s
}

// codecs are those of tasks and results, which a stage has from its queues. What a
// stage returns that has no queue for it is lost if it has no codec.
func (p *PoolDecl[In, Out]) codecs() (in Codec[In], out Codec[Out]) {
	switch {
	case p.From == nil:
		return p.In, p.Out
	case p.To.queue != nil:
		out = p.To.elem()
	case out.check() != nil:
		out = Coded(func(*Encoder, Out) {}, func(*Decoder) (none Out) { return none })
	}
	return p.From.Elem, out
}
