package draw

import (
	"fmt"
	"math/rand/v2"
)

// generated is a graph of n nodes that looks like a pipeline, or like nothing that
// would run, with cycles, for high seeds.
func generated(seed uint64, n int) *Graph {
	r := rand.New(rand.NewPCG(seed, 1))
	g := &Graph{Name: fmt.Sprint("generated ", seed)}
	kinds := []string{Process, Pool, Service, Queue, Queue, Queue, "value", "lock", "semaphore"}
	names := []string{"a", "scan", "resize", "a_rather_long_name_of_a_thing", "Überwachung", "処理する", "WWWWWWWW", "iii"}
	types := []string{"int", "Job", "failed[Job]", "map[string][]imaging.Thumbnail", "map[strings.Builder]map[string][]imaging.Thumbnail"}
	for i := range n {
		node := Node{Kind: kinds[r.IntN(len(kinds))], Name: fmt.Sprint(names[r.IntN(len(names))], i)}
		node.ID = node.Name
		switch node.Kind {
		case Queue:
			node.Type = types[r.IntN(len(types))]
			node.Failed = node.Type == types[2]
			node.Capacity = r.IntN(3) * 100_000
		case Pool, Service:
			node.Workers = r.IntN(5)
		case Process:
			node.OnDemand, node.Daemon, node.Spares = r.IntN(4) == 0, r.IntN(8) == 0, r.IntN(8)/6
		}
		g.Nodes = append(g.Nodes, node)
	}
	if seed%3 == 0 {
		g.Nodes = append(g.Nodes, Node{ID: ProgramID, Kind: Program, Name: "main"})
	}
	edges := []string{Send, Receive, Fail, Call, Start, Use, Read}
	for range len(g.Nodes) * (2 + int(seed%3)) / 2 {
		i, j := r.IntN(len(g.Nodes)), r.IntN(len(g.Nodes))
		if seed%5 != 0 { // mostly to near ones, as in pipelines
			j = min(len(g.Nodes)-1, i+1+r.IntN(4))
		}
		if i == j {
			continue
		}
		e := Edge{g.Nodes[i].ID, g.Nodes[j].ID, edges[r.IntN(len(edges))]}
		if seed%4 == 0 && r.IntN(6) == 0 {
			e.From, e.To = e.To, e.From
		}
		g.Edges = append(g.Edges, e)
	}
	return g
}
