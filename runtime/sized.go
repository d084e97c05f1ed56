package mp

import (
	"context"
	"fmt"

	"github.com/mpgen/mpgen/internal/footprint"
	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// Rows without types, for tools that have a pipeline's description and no more:
// they make the same plan as the rows that they stand for.

func init() { footprint.Of = footprintOf }

// footprintOf plans a run and adds up what it takes.
func footprintOf(p footprint.Pipeline, workers int) (f footprint.Figures, err error) {
	pipeline, err := sizedPipeline(p)
	if err != nil {
		return f, err
	}
	lengths := told{workers}
	for _, d := range pipeline.Decls {
		if a, ok := d.(lengthRow); ok && a.declaredLength() == 0 {
			lengths = append(lengths, 1)
		}
	}
	pl, err := newPlan(pipeline, lengths)
	if err != nil {
		return f, err
	}
	sizes := pl.fileSizes()
	f.Control, f.Bells, f.Commons = int64(sizes[fileControl]), int64(sizes[fileBells]), int64(sizes[fileCommons])
	f.Shared, f.Pairs = pl.footprint, pl.footprint-f.Control-f.Bells-f.Commons
	f.Processes, f.Spares = len(pl.slots)-1, pl.spares
	f.Descriptors = len(sizes) + proc.Descriptors + f.Processes*(1+proc.ProcessDescriptors) + f.Spares*(proc.ProcessDescriptors+proc.SpareDescriptors)
	parts := map[string]*footprint.Part{}
	f.Rows = make([]footprint.Part, len(pipeline.Decls))
	for i, d := range pipeline.Decls {
		parts[d.name()] = &f.Rows[i]
	}
	for i := range pl.parts {
		parts[pl.queues[pl.parts[i].queue].row.name()].Commons += int64(alignUp(pl.parts[i].size(), pageSize))
	}
	for _, s := range pl.shared {
		if a, ok := s.row.(lengthRow); !ok || a.declaredLength() > 0 {
			parts[s.row.name()].Commons += int64(s.place.size)
		}
	}
	for i := 1; i < len(pl.slots); i++ {
		part := parts[pl.slots[i].name]
		if part.Processes++; part.Spares == 0 {
			part.Spares = pl.parties[pl.slots[i].party].warm
		}
		part.Pairs += int64(alignUp(pl.pairSize(i), pageSize))
		if pl.memory(i) > 0 {
			f.Descriptors++ // its figures, which are watched
		}
	}
	return f, nil
}

// sizedPipeline makes the rows. Those that others name come first.
func sizedPipeline(p footprint.Pipeline) (*Pipeline, error) {
	decls := map[string]Decl{}
	refs := func(names []string) (list []Decl) {
		for _, n := range names {
			list = append(list, decls[n])
		}
		return list
	}
	for i := range p.Rows {
		r := &p.Rows[i]
		switch r.Kind {
		case footprint.Process:
			decls[r.Name] = &ProcessDecl{Name: r.Name, Instances: r.Instances, OnDemand: r.OnDemand, Max: r.Max, Warm: r.Warm, Worker: Worker{Memory: r.Memory}}
		case footprint.Queue:
			decls[r.Name] = &sizedQueue{row: r}
		case footprint.Pool, footprint.Service:
			decls[r.Name] = &sizedPool{row: r}
		default:
			object, ok := sizedObjects[r.Kind]
			if !ok {
				return nil, fmt.Errorf("%q is of a kind without a size: %s", r.Name, r.Kind)
			}
			decls[r.Name] = object(r)
		}
	}
	starts := func(names []string) (list []*ProcessDecl) {
		for _, n := range names {
			list = append(list, decls[n].(*ProcessDecl))
		}
		return list
	}
	whole := &Pipeline{Main: MainDecl{Send: refs(p.Send), Receive: refs(p.Receive)}}
	for i := range p.Rows {
		r := &p.Rows[i]
		switch d := decls[r.Name].(type) {
		case *sizedQueue:
			for _, name := range r.Lends {
				d.blocks = append(d.blocks, decls[name].(*BlocksDecl))
			}
		case *ProcessDecl:
			d.Send, d.Receive, d.Uses, d.Reads = refs(r.Send), refs(r.Receive), refs(r.Uses), refs(r.Reads)
			d.Starts = starts(r.Starts)
		case *sizedPool:
			d.form = poolShape{workers: r.Workers, bytes: r.Bytes, worker: Worker{Memory: r.Memory}, warm: r.Warm, called: len(r.Stages) == 0,
				methods: make([]string, r.Methods), concurrent: r.Concurrent, sends: refs(r.Send), uses: refs(r.Uses), reads: refs(r.Reads), starts: starts(r.Starts)}
			if r.Kind == footprint.Service {
				d.form.workers, d.form.called, d.form.object = max(r.Workers, 1), true, true
			}
			for _, s := range r.Stages {
				in := inputShape{method: s.Method, from: decls[s.From]}
				if s.To != "" {
					in.to = decls[s.To]
				}
				if s.Dead != "" {
					in.dead = decls[s.Dead]
				}
				d.form.inputs = append(d.form.inputs, in)
			}
		}
		whole.Decls = append(whole.Decls, decls[r.Name])
	}
	return whole, nil
}

// sizedObjects make the rows of shared objects, of the type that the key names. What
// a value takes is the same whether it is flat or its encoding is as long.
var sizedObjects = map[string]func(*footprint.Row) Decl{
	footprint.Array: func(r *footprint.Row) Decl { return &ArrayDecl[byte]{Name: r.Name, Len: r.Len * int(max(r.Item, 1))} },
	"NumberDecl":    func(r *footprint.Row) Decl { return &NumberDecl[int64]{Name: r.Name} },
	"LockDecl":      func(r *footprint.Row) Decl { return &LockDecl{Name: r.Name} },
	"RLockDecl":     func(r *footprint.Row) Decl { return &RLockDecl{Name: r.Name} },
	"RWLockDecl":    func(r *footprint.Row) Decl { return &RWLockDecl{Name: r.Name} },
	"EventDecl":     func(r *footprint.Row) Decl { return &EventDecl{Name: r.Name} },
	"ConditionDecl": func(r *footprint.Row) Decl { return &ConditionDecl{Name: r.Name} },
	"SemaphoreDecl": func(r *footprint.Row) Decl {
		return &SemaphoreDecl{Name: r.Name, Permits: max(int(r.Fields["Permits"]), 1)}
	},
	"BarrierDecl": func(r *footprint.Row) Decl {
		return &BarrierDecl{Name: r.Name, Parties: int(r.Fields["Parties"])}
	},
	"BlocksDecl": func(r *footprint.Row) Decl {
		return &BlocksDecl{Name: r.Name, Memory: max(r.Fields["Memory"], minBlocks), Count: int(r.Fields["Count"])}
	},
	"DictDecl": func(r *footprint.Row) Decl {
		return &DictDecl[string, string]{Name: r.Name, Key: String, Elem: String}
	},
	"ListDecl": func(r *footprint.Row) Decl { return &ListDecl[string]{Name: r.Name, Elem: String} },
	"SetDecl":  func(r *footprint.Row) Decl { return &SetDecl[string]{Name: r.Name, Elem: String} },
	"PipeDecl": func(r *footprint.Row) Decl { return sizedPipe{r} },
	"ValueDecl": func(r *footprint.Row) Decl {
		v := &ValueDecl[string]{Name: r.Name, Elem: String, Slot: int(r.Fields["Slot"])}
		if r.Item >= 0 {
			v.Slot = int(r.Item)
		}
		return v
	},
}

// sizedQueue stands for a queue.
type sizedQueue struct {
	row    *footprint.Row
	blocks []*BlocksDecl
}

func (q *sizedQueue) kind() string { return "queue" }
func (q *sizedQueue) name() string { return q.row.Name }
func (q *sizedQueue) keyed() bool  { return q.row.Keyed }
func (q *sizedQueue) check() error { return nil }

func (q *sizedQueue) lends() []*BlocksDecl { return q.blocks }

func (q *sizedQueue) shape() queueShape {
	return queueShape{q.row.Capacity, int(q.row.Slot), q.row.Bytes, q.row.Spill, int(q.row.Item)}
}

// sizedPipe stands for a pipe, sizedWay for the queue on which an end sends.
type sizedPipe struct{ row *footprint.Row }

type sizedWay struct {
	sizedPipe
	end int
}

func (p sizedPipe) name() string         { return p.row.Name }
func (p sizedPipe) main() bool           { return p.row.Fields["Main"] != 0 }
func (p sizedPipe) way(end int) queueRow { return sizedWay{p, end} }
func (w sizedWay) kind() string          { return "pipe" }
func (w sizedWay) keyed() bool           { return false }
func (w sizedWay) check() error          { return nil }
func (w sizedWay) lends() []*BlocksDecl  { return nil }

func (w sizedWay) shape() queueShape {
	f := w.row.Fields
	return queueShape{capacity: int(f["Capacity"]), slot: int(f["Slot"]), bytes: f["Bytes"], flat: int(w.row.Item)}
}

// sizedPool stands for a pool or service.
type sizedPool struct {
	row  *footprint.Row
	form poolShape
}

func (p *sizedPool) name() string     { return p.row.Name }
func (p *sizedPool) shape() poolShape { return p.form }
func (p *sizedPool) check() error     { return nil }

func (p *sizedPool) open(context.Context, *Node, *Decoder) (works, error) {
	panic("mp: a row of a size only has no function")
}

func (p *sizedPool) letter(int, *Node, []byte, error) (uint64, func(*Encoder), error) {
	panic("mp: a row of a size only has no items")
}
