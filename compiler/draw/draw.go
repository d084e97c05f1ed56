// Package draw shows pipelines as graphs.
//
// In comes the IR of a pipeline; out come pictures of it, as SVG, or as text for
// Graphviz, for Mermaid, or for programs. Nothing is written. The command calls Of
// and one of the writers, a file each. The same pipeline gives the same bytes.
//
// A graph has a node for each process, pool, service, queue and shared object, and
// one for the program itself if it has a part in what runs. It knows nothing about
// kinds of shared objects but what the compiler's table of them says, so new ones
// are drawn without being mentioned here. Package layout places an SVG's boxes.
package draw

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/ir"
)

// Graph is a pipeline as nodes and edges, both in the order of the source.
type Graph struct {
	Name  string `json:"name"`           // of its folder, or of its package
	Path  string `json:"path,omitempty"` // import path
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// The kinds of nodes; that of a shared object is its keyword.
const (
	Program = "program" // the one that starts all others
	Process = "process"
	Pool    = "pool"
	Service = "service"
	Queue   = "queue"
)

// ProgramID is the ID of the program's node. It is no name that a pipeline can have.
const ProgramID = "main()"

// Node is a box. Its numbers are those of the source; zero stands for the default.
type Node struct {
	ID   string `json:"id"` // its name in the .mp file, which is unique
	Kind string `json:"kind"`
	Name string `json:"name"`
	Doc  string `json:"doc,omitempty"`
	Type string `json:"type,omitempty"` // of items, elements or the value

	Instances    int      `json:"instances,omitempty"`     // of a process, if it is declared with a number
	OnDemand     bool     `json:"on_demand,omitempty"`     // it is started by a call
	StartsItself bool     `json:"starts_itself,omitempty"` // its processes start others of it, for which there is no edge
	Daemon       bool     `json:"daemon,omitempty"`
	Workers      int      `json:"workers,omitempty"`
	AtOnce       int      `json:"at_once,omitempty"`  // calls of a worker that run beside each other
	Batch        int      `json:"batch,omitempty"`    // tasks of a pool that its function takes at once
	Spares       int      `json:"spares,omitempty"`   // processes that stand by
	Capacity     int      `json:"capacity,omitempty"` // items
	Failed       bool     `json:"failed,omitempty"`   // a queue of failed tasks
	Guard        string   `json:"guard,omitempty"`    // the lock of an array
	Numbers      []Number `json:"numbers,omitempty"`  // settings of a shared object of any other kind
	Memory       int64    `json:"memory,omitempty"`   // bytes of blocks
	Carries      []string `json:"carries,omitempty"`  // by the items of a queue: blocks
	Methods      []string `json:"methods,omitempty"`  // of a service
}

// Number is a setting.
type Number struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// The kinds of edges. They lead where items go, or from who acts to what is acted on.
const (
	Send    = "send"    // to a queue
	Receive = "receive" // from a queue
	Fail    = "fail"    // to the queue for tasks that are given up
	Call    = "call"    // a pool or service
	Start   = "start"   // a process, by a call
	Use     = "use"     // a shared object
	Read    = "read"    // from a shared object, which the reader can't change
)

// Edge connects two nodes.
type Edge struct {
	From string `json:"from"` // IDs
	To   string `json:"to"`
	Kind string `json:"kind"`
}

// Words tells of the edge in a sentence.
func (e Edge) Words() string {
	from, to := strings.TrimSuffix(e.From, "()"), strings.TrimSuffix(e.To, "()")
	switch e.Kind {
	case Send:
		return from + " sends to " + to
	case Receive:
		return to + " receives from " + from
	case Fail:
		return from + " sends what it gives up to " + to
	case Call:
		return from + " calls " + to
	case Start:
		return from + " starts " + to
	case Read:
		return to + " reads " + from
	}
	return from + " uses " + to
}

// builder collects a graph.
type builder struct {
	*Graph
	p    *ir.Pipeline
	name map[string]string // of rows
}

// Of makes the graph of a pipeline.
func Of(p *ir.Pipeline) *Graph {
	b := &builder{&Graph{Name: p.Package, Path: p.Path, Nodes: []Node{}, Edges: []Edge{}}, p, map[string]string{}}
	if p.Path != "" {
		b.Name = path.Base(p.Path)
	}
	for _, d := range p.Decls {
		if d.Row != "" {
			b.name[d.Row] = d.Name
		}
	}
	for _, d := range p.Decls {
		b.node(d)
	}
	for _, d := range p.Decls {
		switch {
		case d.Process != nil:
			b.ports(d.Name, d.Process.Ports)
		case d.Pool != nil:
			b.stage(d.Name, d.Pool.Stage)
			b.ports(d.Name, d.Pool.Ports)
		case d.Service != nil:
			for _, m := range d.Service.Methods {
				b.stage(d.Name, m.Stage)
			}
			b.ports(d.Name, d.Service.Ports)
		}
	}
	b.program()
	return b.Graph
}

// node adds the node of a declaration; types have none.
func (b *builder) node(d ir.Decl) {
	n := Node{ID: d.Name, Name: d.Name, Doc: strings.Join(d.Doc, "\n")}
	switch {
	case d.Queue != nil:
		n.Kind, n.Type, n.Capacity = Queue, b.typ(d.Queue.Elem), d.Queue.Capacity
		n.Failed = d.Queue.Elem.Kind == ir.Failed
		for _, row := range d.Queue.Lends {
			n.Carries = append(n.Carries, b.name[row])
		}
	case d.Array != nil:
		n.Kind, n.Type, n.Guard = "array", b.array(*d.Array), b.name[d.Array.Guard]
	case d.Object != nil:
		n.Kind, n.Type = kindOf(d.Object), b.types(d.Object.Types)
		for _, f := range d.Object.Fields {
			switch {
			case f.Go == "Memory":
				n.Memory = f.Size
			case f.Count != 0:
				n.Numbers = append(n.Numbers, Number{lowerFirst(f.Go), f.Count})
			case f.Go == "Main" && f.Set:
				b.edge(ProgramID, d.Name, Use)
			}
		}
	case d.Process != nil:
		n.Kind, n.Instances, n.OnDemand, n.Daemon = Process, d.Process.Instances, d.Process.Spawn != "", d.Process.Daemon
		n.Spares = d.Process.Warm
	case d.Pool != nil:
		n.Kind, n.Workers, n.Spares, n.AtOnce, n.Batch = Pool, d.Pool.Workers, d.Pool.Warm, d.Pool.Concurrent, d.Pool.Batch
	case d.Service != nil:
		n.Kind, n.Workers, n.Spares, n.AtOnce = Service, d.Service.Workers, d.Service.Warm, d.Service.Concurrent
		for _, m := range d.Service.Methods {
			n.Methods = append(n.Methods, m.Name)
		}
	default:
		return
	}
	b.Nodes = append(b.Nodes, n)
}

// kindOf is the keyword of a shared object.
func kindOf(o *ir.Object) string {
	for _, k := range compiler.Kinds() {
		if k.Row == o.Type {
			return k.Keyword
		}
	}
	return o.Type
}

func lowerFirst(s string) string {
	r := []rune(s)
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// edge adds an edge once.
func (b *builder) edge(from, to, kind string) {
	if e := (Edge{from, to, kind}); !slices.Contains(b.Edges, e) {
		b.Edges = append(b.Edges, e)
	}
}

func (b *builder) ports(name string, p ir.Ports) {
	for _, row := range p.Receive {
		b.edge(b.name[row], name, Receive)
	}
	for _, row := range p.Send {
		b.edge(name, b.name[row], Send)
	}
	for _, row := range p.Uses {
		b.reach(name, b.name[row])
	}
	for _, row := range p.Reads {
		b.edge(b.name[row], name, Read)
	}
	for _, row := range p.Starts {
		if to := b.name[row]; to != name {
			b.edge(name, to, Start)
			continue
		}
		for i := range b.Nodes {
			if b.Nodes[i].ID == name {
				b.Nodes[i].StartsItself = true
			}
		}
	}
}

// reach adds the edge from one node to another that it uses.
func (b *builder) reach(from, to string) {
	kind := Use
	for _, n := range b.Nodes {
		if n.ID == to && (n.Kind == Pool || n.Kind == Service) {
			kind = Call
		}
	}
	b.edge(from, to, kind)
}

func (b *builder) stage(name string, s ir.Stage) {
	if s.From != "" {
		b.edge(b.name[s.From], name, Receive)
	}
	if s.To != "" {
		b.edge(name, b.name[s.To], Send)
	}
	if s.Dead != "" {
		b.edge(name, b.name[s.Dead], Fail)
	}
}

// program adds the program itself, if it has a part: it holds ends of queues, is
// one of those who meet at something, starts processes by calls, or is the only one
// to reach something. It can reach
// whatever Run has a field for, but that would be an edge to almost everything,
// and hide what processes do.
func (b *builder) program() {
	if m := b.p.Main; m != nil {
		for _, row := range m.Receive {
			b.edge(b.name[row], ProgramID, Receive)
		}
		for _, row := range m.Send {
			b.edge(ProgramID, b.name[row], Send)
		}
	}
	for _, n := range b.Nodes {
		if n.OnDemand {
			b.edge(ProgramID, n.ID, Start)
		}
	}
	reached := map[string]bool{}
	for _, e := range b.Edges {
		if e.Kind != Send {
			reached[e.To] = true
		}
		if e.Kind == Read {
			reached[e.From] = true
		}
	}
	for _, port := range b.p.Run {
		if to := b.name[port.Row]; !reached[to] && port.Kind != ir.Sender && port.Kind != ir.Receiver && port.Kind != ir.Both {
			b.reach(ProgramID, to)
		}
	}
	if slices.ContainsFunc(b.Edges, func(e Edge) bool { return e.From == ProgramID || e.To == ProgramID }) {
		b.Nodes = slices.Insert(b.Nodes, 0, Node{ID: ProgramID, Kind: Program, Name: "main"})
	}
}
