package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"text/tabwriter"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/internal/footprint"
	"github.com/spf13/cobra"
)

// The compiler knows the pipeline and the runtime knows where things lie; this command, which has both, puts them together.

// sharedMemory is the shared memory of a run of the pipeline on this machine, in bytes.
func sharedMemory(p *ir.Pipeline) (int64, error) {
	f, err := footprint.Of(sizesOf(p), 0)
	return f.Shared, err
}

// sizesOf is what the runtime needs of a pipeline to lay it out.
func sizesOf(p *ir.Pipeline) footprint.Pipeline {
	var sizes footprint.Pipeline
	if p.Main != nil {
		sizes.Send, sizes.Receive = p.Main.Send, p.Main.Receive
	}
	for _, d := range p.Decls {
		if d.Row != "" {
			sizes.Rows = append(sizes.Rows, sizesOfRow(d))
		}
	}
	return sizes
}

func sizesOfRow(d ir.Decl) footprint.Row {
	r := footprint.Row{Name: d.Row}
	reached := func(p ir.Ports) {
		r.Send, r.Receive, r.Uses, r.Reads, r.Starts = p.Send, p.Receive, p.Uses, p.Reads, p.Starts
	}
	stage := func(method int, s ir.Stage) {
		if s.From != "" {
			r.Stages = append(r.Stages, footprint.Stage{Method: method, From: s.From, To: s.To, Dead: s.Dead})
		}
	}
	switch {
	case d.Queue != nil:
		q := d.Queue
		r.Kind, r.Item = footprint.Queue, itemSize(q.Elem)
		r.Capacity, r.Slot, r.Bytes, r.Spill, r.Keyed = q.Capacity, q.Slot, q.Bytes, q.Spill, q.Key != nil
		r.Lends = q.Lends
	case d.Array != nil:
		r.Kind, r.Item, r.Len = footprint.Array, itemSize(d.Array.Elem), d.Array.Len
	case d.Process != nil:
		p := d.Process
		r.Kind, r.Instances, r.OnDemand, r.Max, r.Memory = footprint.Process, p.Instances, p.Spawn != "", p.Max, p.Worker.Memory
		r.Warm = p.Warm
		reached(p.Ports)
	case d.Pool != nil:
		p := d.Pool
		r.Kind, r.Workers, r.Bytes, r.Memory = footprint.Pool, p.Workers, p.Bytes, p.Worker.Memory
		r.Warm = p.Warm
		r.Concurrent = p.Concurrent
		reached(p.Ports)
		stage(0, p.Stage)
	case d.Service != nil:
		s := d.Service
		r.Kind, r.Workers, r.Bytes, r.Memory, r.Methods = footprint.Service, s.Workers, s.Bytes, s.Worker.Memory, len(s.Methods)
		r.Warm = s.Warm
		r.Concurrent = s.Concurrent
		reached(s.Ports)
		for i, m := range s.Methods {
			stage(i, m.Stage)
		}
	case d.Object != nil:
		r.Kind, r.Item, r.Fields = d.Object.Type, -1, map[string]int64{}
		if len(d.Object.Types) > 0 {
			r.Item = itemSize(d.Object.Types[0])
		}
		for _, f := range d.Object.Fields {
			if r.Fields[f.Go] = f.Count + f.Size; f.Set {
				r.Fields[f.Go] = 1
			}
		}
	}
	return r
}

// itemSize is the bytes of a type that travels as its memory, else -1.
func itemSize(t ir.Type) int64 {
	if !t.Flat {
		return -1
	}
	return t.Size
}

// pipelineFootprint is what a folder's pipeline takes at most.
type pipelineFootprint struct {
	Folder      string         `json:"folder"`
	Shared      int64          `json:"shared"` // bytes of all memory files
	Declared    int64          `json:"declared,omitempty"`
	Control     int64          `json:"control"`
	Bells       int64          `json:"bells"`
	Commons     int64          `json:"commons"`
	Pairs       int64          `json:"pairs"`
	Memory      int64          `json:"memory"`    // bytes that processes with a limit may take of their own
	Unlimited   int            `json:"unlimited"` // processes without
	Processes   int            `json:"processes"` // with spares, the program and the warden
	Threads     int            `json:"threads"`   // of all of them, about
	Descriptors int            `json:"descriptors"`
	Rows        []rowFootprint `json:"rows"`
}

type rowFootprint struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Shared    int64  `json:"shared"` // bytes
	Processes int    `json:"processes,omitempty"`
	Spares    int    `json:"spares,omitempty"` // of processes: they take no memory worth a limit
	Memory    int64  `json:"memory,omitempty"` // of each process, at most
	Note      string `json:"-"`
}

// threadsOfProcess is what Go and the runtime start in a process that waits; one that works may have more.
const threadsOfProcess = 6

func footprintOf(folder string, p *ir.Pipeline) (pipelineFootprint, error) {
	sizes := sizesOf(p)
	f, err := footprint.Of(sizes, 0)
	if err != nil {
		return pipelineFootprint{}, err
	}
	all := pipelineFootprint{
		Folder: folder, Shared: f.Shared, Control: f.Control, Bells: f.Bells, Commons: f.Commons, Pairs: f.Pairs,
		Processes: f.Processes + f.Spares + 2, Threads: (f.Processes + f.Spares + 2) * threadsOfProcess, Descriptors: f.Descriptors,
		Rows: []rowFootprint{},
	}
	if p.Main != nil {
		all.Declared = p.Main.Footprint
	}
	names := map[string]string{}
	for _, d := range p.Decls {
		names[d.Row] = d.Name
	}
	for i, r := range sizes.Rows {
		part := f.Rows[i]
		row := rowFootprint{Kind: kindOfRow(r.Kind), Name: names[r.Name], Shared: part.Commons + part.Pairs,
			Processes: part.Processes + part.Spares, Spares: part.Spares, Memory: r.Memory, Note: noteOf(r)}
		all.Memory += r.Memory * int64(part.Processes)
		if r.Memory == 0 {
			all.Unlimited += part.Processes
		}
		all.Rows = append(all.Rows, row)
	}
	return all, nil
}

// kindOfRow is what the .mp file calls it.
func kindOfRow(kind string) string {
	if kind == "NumberDecl" {
		return "value"
	}
	return strings.ToLower(strings.TrimSuffix(kind, "Decl"))
}

// noteOf says what of a row is known only when it runs.
func noteOf(r footprint.Row) string {
	switch {
	case r.Kind == footprint.Array && r.Len == 0:
		return fmt.Sprintf(", and %d bytes for each element that Start is told of", max(r.Item, 1))
	case r.Kind == footprint.Pool && r.Workers == 0:
		return fmt.Sprintf(": GOMAXPROCS workers, here %d", goruntime.GOMAXPROCS(0))
	case r.Kind == footprint.Process && r.OnDemand:
		return ", when all of them run"
	}
	return ""
}

// measure takes the footprint of a folder without mistakes, also of one that exceeds what it declares.
func (c *checking) measure(f folder) error {
	in := f.input
	in.Footprint = nil
	p, _ := compiler.Lower(in)
	if p == nil {
		return nil
	}
	one, err := footprintOf(filepath.ToSlash(f.shown), p)
	c.footprints = append(c.footprints, one)
	return err
}

// report prints what was found, and the footprints: for programs both in one object.
func (c *checking) report(cmd *cobra.Command) error {
	if !c.footprint {
		return c.print(cmd)
	}
	if c.format != "json" {
		if err := printFootprints(cmd.OutOrStdout(), c.footprints); err != nil {
			return err
		}
		return c.print(cmd)
	}
	var found bytes.Buffer
	if err := diag.JSON(&found, c.list); err != nil {
		return err
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	err := enc.Encode(struct {
		Findings   json.RawMessage     `json:"findings"`
		Footprints []pipelineFootprint `json:"footprints"`
	}{found.Bytes(), append([]pipelineFootprint{}, c.footprints...)})
	if err != nil {
		return err
	}
	return c.verdict()
}

// rest is what belongs to no row: tables for all of them, and ends of pages.
func (f *pipelineFootprint) rest() int64 {
	rest := f.Shared
	for _, r := range f.Rows {
		rest -= r.Shared
	}
	return rest
}

// printFootprints writes a table for each folder.
func printFootprints(out io.Writer, all []pipelineFootprint) error {
	var b strings.Builder
	for i, f := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		if len(all) > 1 || f.Folder != "." {
			fmt.Fprintf(&b, "%s\n", f.Folder)
		}
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "shared\tprocesses\tmemory\t")
		for _, r := range f.Rows {
			fmt.Fprintf(w, "%s\t%s\t%s\t  %s %s%s\n", binarySize(r.Shared), number(r.Processes), r.limit(), r.Kind, r.Name, r.spares()+r.Note)
		}
		fmt.Fprintf(w, "%s\t2\t\t  the program and its warden, and what belongs to all\n", binarySize(f.rest()))
		fmt.Fprintf(w, "%s\t%d\t%s\t  at most\n", binarySize(f.Shared), f.Processes, f.limits())
		if f.Declared > 0 {
			fmt.Fprintf(w, "%s\t\t\t  declared\n", binarySize(f.Declared))
		}
		w.Flush()
		fmt.Fprintf(&b, "\nMemory files: control %s, bells %s, commons %s, pairs %s.\nAbout %d threads; %d descriptors in the program.\n",
			binarySize(f.Control), binarySize(f.Bells), binarySize(f.Commons), binarySize(f.Pairs), f.Threads, f.Descriptors)
	}
	_, err := io.WriteString(out, trimLines(b.String()))
	return err
}

// trimLines drops blanks at the ends of lines.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// limit is how much memory of its own each process of a row may take, or that nothing says so.
func (r rowFootprint) limit() string {
	switch {
	case r.Processes == 0:
		return ""
	case r.Memory == 0:
		return "no limit"
	case r.Processes-r.Spares == 1:
		return binarySize(r.Memory)
	}
	return fmt.Sprintf("%d x %s", r.Processes-r.Spares, binarySize(r.Memory))
}

// spares says how many of the processes of a row only stand by.
func (r rowFootprint) spares() string {
	switch r.Spares {
	case 0:
		return ""
	case 1:
		return ", 1 of them a spare"
	}
	return fmt.Sprintf(", %d of them spares", r.Spares)
}

// limits is how much the processes may take that have a limit.
func (f *pipelineFootprint) limits() string {
	switch {
	case f.Memory == 0:
		return ""
	case f.Unlimited > 0:
		return fmt.Sprintf("%s and more", binarySize(f.Memory))
	}
	return binarySize(f.Memory)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// binarySize is a number of bytes as people read it.
func binarySize(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
