package compiler

import (
	"cmp"
	"go/build/constraint"
	"path/filepath"
	"slices"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// lower says as IR what the phases before found out. It runs only when they found
// no mistake, so nothing that it meets is nil.
func (u *unit) lower() *ir.Pipeline {
	p := &ir.Pipeline{
		Version: u.in.Version,
		Package: u.packageName(),
		Path:    u.in.ImportPath,
		Codecs:  u.codecs(),
	}
	for _, s := range u.in.Sources {
		p.Sources = append(p.Sources, filepath.Base(s.Name))
	}
	for _, s := range u.order {
		p.Decls = append(p.Decls, u.lowerDecl(s))
		for _, a := range u.argsOf(s) {
			p.Args = append(p.Args, ir.Arg{Go: a.goName, Type: *a.typ})
		}
		if u.inRun(s) {
			p.Run = append(p.Run, u.port(u.main, s))
		}
	}
	if u.main != nil {
		p.Main = &ir.Main{Send: rows(u.main, "send"), Receive: rows(u.main, "receive"), Footprint: u.main.given["footprint"].n}
		if len(p.Main.Send)+len(p.Main.Receive) == 0 && p.Main.Footprint == 0 {
			p.Main = nil
		}
	}
	p.Imports = u.lowerImports()
	return p
}

func (u *unit) packageName() string {
	for _, file := range u.files {
		if file.Package != nil {
			return file.Package.Name.Text
		}
	}
	return "main"
}

func (u *unit) lowerDecl(s *symbol) ir.Decl {
	d := ir.Decl{Name: s.name.Text, Row: row(s), Doc: docOf(s)}
	switch s.kind {
	case "struct":
		d.Row = ""
		d.Struct = &ir.Struct{Go: s.goName, Fields: lowerFields(s)}
	case "enum":
		d.Row = ""
		d.Enum = lowerEnum(s)
	case "queue":
		d.Queue = &ir.Queue{
			Elem:     u.sized(s.typ),
			Capacity: int(s.given["capacity"].n),
			Slot:     s.given["slot"].n,
			Bytes:    s.given["bytes"].n,
			Spill:    s.given["spill"].n,
		}
		if s.key != nil {
			d.Queue.Key = &ir.Key{Go: exported(s.key.name.Text), Hash: hashed(s.key.typ)}
		}
		for _, b := range u.carried(s.typ) {
			d.Queue.Lends = append(d.Queue.Lends, row(b))
		}
	case "array":
		d.Array = u.lowerArray(s)
	case "process":
		d.Process = u.lowerProcess(s)
	case "pool":
		d.Pool = u.lowerPool(s)
	case "service":
		d.Service = u.lowerService(s)
	default:
		d.Object = kindOf(s).lower(s, u.main != nil && names(u.main, "use", s))
		for i := range d.Object.Types {
			d.Object.Types[i] = u.sized(&d.Object.Types[i])
		}
	}
	return d
}

// hashed says which of the runtime's functions hashes a key.
func hashed(t *ir.Type) string {
	if t.Kind == ir.String {
		return "HashString"
	}
	return "Hash"
}

func (u *unit) lowerArray(s *symbol) *ir.ArrayDecl {
	a := &ir.ArrayDecl{Elem: u.sized(s.typ), Len: int(s.length)}
	for _, arg := range u.argsOf(s) {
		a.Arg = arg.goName
	}
	for _, g := range s.named("guard") {
		a.Guard = row(g)
	}
	return a
}

func rows(s *symbol, key string) []string {
	var list []string
	for _, r := range s.given[key].refs {
		list = append(list, row(r.sym))
	}
	return list
}

func docOf(s *symbol) []string { return plainDoc(s.decl.Attached().Doc) }

func noteOf(s *symbol) string { return plainNote(s.decl.Attached().Line) }

// plainDoc is a doc comment without build constraints of the old form, which mean
// something to Go behind a blank, too, and without blank lines at its ends.
func plainDoc(lines []string) []string {
	var doc []string
	for _, line := range lines {
		if !constraint.IsPlusBuild("// " + line) {
			doc = append(doc, line)
		}
	}
	for len(doc) > 0 && doc[0] == "" {
		doc = doc[1:]
	}
	for len(doc) > 0 && doc[len(doc)-1] == "" {
		doc = doc[:len(doc)-1]
	}
	return doc
}

// plainNote is the comment behind something, unless it is such a constraint.
func plainNote(line string) string {
	if constraint.IsPlusBuild("// " + line) {
		return ""
	}
	return line
}

func lowerFields(s *symbol) []ir.Field {
	var fields []ir.Field
	for _, f := range s.fields {
		if f.typ == nil {
			continue
		}
		field := ir.Field{Go: exported(f.name.Text), Type: *f.typ}
		// A comment on several fields of one line belongs to the first.
		if f.lead {
			field.Doc, field.Note = plainDoc(f.of.Doc), plainNote(f.of.Line)
		}
		fields = append(fields, field)
	}
	return fields
}

func lowerEnum(s *symbol) *ir.Enum {
	e := &ir.Enum{Go: s.goName}
	for _, v := range s.decl.(*grammar.Enum).Values {
		e.Values = append(e.Values, ir.EnumValue{
			Name: v.Name.Text,
			Go:   s.goName + exported(v.Name.Text),
			Doc:  plainDoc(v.Doc),
			Note: plainNote(v.Line),
		})
	}
	return e
}

func (u *unit) lowerProcess(s *symbol) *ir.Process {
	p := &ir.Process{
		Func:      u.lowerFunc(s),
		Ports:     u.lowerPorts(s),
		Instances: int(s.instances),
		Max:       int(s.given["max"].n),
		Daemon:    s.daemon(),
		Warm:      s.spares(),
		Worker:    lowerWorker(s),
	}
	for i, param := range s.params {
		p.Params = append(p.Params, ir.Param{Name: param.name.Text, Type: *param.typ})
		if !s.onDemand {
			p.Params[i].Arg = u.argsOf(s)[i].goName
		}
	}
	if s.onDemand {
		p.Spawn = s.goName
	}
	if u.isStarted(s) {
		p.Starter = starterName(s)
	}
	switch restart := s.given["restart"]; {
	case restart.word == "always":
		p.Restart = "Always"
	case restart.word == "on_failure", restart.n > 0:
		p.Restart, p.Restarts = "OnFailure", int(restart.n)
	}
	return p
}

// lowerFunc is the function of a process, pool or service.
func (u *unit) lowerFunc(s *symbol) ir.Func {
	h := s.handler
	f := ir.Func{Name: h.name, Bare: h.form.bare, Sure: h.form.sure, Spread: h.form.spread}
	if h.pkg != nil {
		f.Path = h.pkg.path
		return f
	}
	f.Head = u.headOf(h)
	return f
}

// lowerPorts are the ends that a process, pool or service reaches.
func (u *unit) lowerPorts(s *symbol) ir.Ports {
	p := ir.Ports{
		Instance: s.instances > 0,
		Send:     rows(s, "send"),
		Receive:  rows(s, "receive"),
		Reads:    rows(s, "read"),
	}
	for _, r := range s.named("use") {
		if r.kind == "process" {
			p.Starts = append(p.Starts, row(r))
		} else {
			p.Uses = append(p.Uses, row(r))
		}
	}
	for _, key := range portKeys {
		for _, r := range s.given[key].refs {
			if key == "receive" && names(s, "send", r.sym) {
				continue // one field for both ends
			}
			p.Fields = append(p.Fields, u.port(s, r.sym))
		}
	}
	if s.reaches() {
		p.Type = portsName(s)
	}
	return p
}

// port is how a process, or main, reaches a declaration.
func (u *unit) port(by, s *symbol) ir.Port {
	p := ir.Port{Go: s.goName, Row: row(s), Doc: docOf(s), Note: noteOf(s)}
	if k := kindOf(s); k != nil {
		p.Kind, p.Handle, p.Types = ir.Shared, k.Handle, k.types(s)
		return p
	}
	if s.typ != nil {
		p.Type = *s.typ
	}
	switch s.kind {
	case "queue":
		sends, receives := names(by, "send", s), names(by, "receive", s)
		switch {
		case sends && receives:
			p.Kind = ir.Both
		case sends:
			p.Kind = ir.Sender
		default:
			p.Kind = ir.Receiver
		}
	case "pool":
		p.Kind, p.Type, p.Out = ir.Caller, *s.funcs[0].in, s.funcs[0].answer()
	case "service":
		p.Kind, p.Iface, p.Client = ir.Client, s.goName, clientName(s)
	case "process":
		p.Kind, p.Start = ir.Starter, starterName(s)
		for _, param := range s.params {
			p.Params = append(p.Params, ir.Param{Name: param.name.Text, Type: *param.typ})
		}
	case "array":
		p.Kind = ir.Memory
		if by != nil && names(by, "read", s) {
			p.Kind = ir.ReadOnly
		}
	}
	return p
}

func (u *unit) lowerPool(s *symbol) *ir.Pool {
	f := s.funcs[0]
	p := &ir.Pool{
		Func:    u.lowerFunc(s),
		In:      *f.in,
		Out:     f.answer(),
		Lends:   u.lentToCalls(s),
		Ports:   u.lowerPorts(s),
		Workers: int(s.given["workers"].n),
		Bytes:   s.given["bytes"].n,
		Warm:    s.spares(),
		Task:    lowerTask(s),
		Worker:  lowerWorker(s),
		Stage:   lowerStage(f),

		Concurrent: int(s.given["concurrent"].n),
		Batch:      int(s.given["batch"].n),
		Wait:       s.given["wait"].n,
	}
	if len(s.fields) > 0 {
		p.Bundle = &ir.Struct{Go: f.in.Name, Fields: lowerFields(s)}
	}
	for _, param := range f.params {
		p.Params = append(p.Params, ir.Param{Name: param.name.Text, Type: *param.typ})
	}
	return p
}

func (u *unit) lowerService(s *symbol) *ir.Service {
	v := &ir.Service{
		Go:      s.goName,
		Open:    u.lowerFunc(s),
		Client:  clientName(s),
		Lends:   u.lentToCalls(s),
		Table:   methodsName(s),
		Ports:   u.lowerPorts(s),
		Workers: int(s.given["workers"].n),
		Bytes:   s.given["bytes"].n,
		Warm:    s.spares(),
		Task:    lowerTask(s),
		Worker:  lowerWorker(s),

		Concurrent: int(s.given["concurrent"].n),
	}
	for i, p := range s.params {
		v.Params = append(v.Params, ir.Param{Name: p.name.Text, Arg: u.argsOf(s)[i].goName, Type: *p.typ})
	}
	for _, f := range s.funcs {
		m := ir.Method{
			Name:  f.name.Text,
			Go:    exported(f.name.Text),
			Out:   f.out,
			Doc:   plainDoc(f.method.Doc),
			Note:  plainNote(f.method.Line),
			Stage: lowerStage(f),
		}
		for _, p := range f.params {
			m.Params = append(m.Params, ir.Param{Name: p.name.Text, Type: *p.typ})
		}
		v.Methods = append(v.Methods, m)
	}
	return v
}

// isStarted says whether a process, pool or service starts one.
func (u *unit) isStarted(s *symbol) bool {
	return s.kind == "process" && slices.ContainsFunc(u.order, func(by *symbol) bool { return names(by, "use", s) })
}

// lowerStage is the place of a function in its flow, if it has one.
func lowerStage(f *function) ir.Stage {
	if f.flow == nil {
		return ir.Stage{}
	}
	stage := ir.Stage{From: row(f.from), Each: f.each}
	if f.to != nil {
		stage.To = row(f.to)
	}
	for _, q := range f.of.named("task.failed") {
		stage.Dead = row(q)
	}
	return stage
}

func lowerTask(s *symbol) ir.Task {
	return ir.Task{
		Timeout: s.given["task.timeout"].n,
		Retries: int(s.given["task.retries"].n),
		Backoff: s.given["task.backoff"].n,
		Skip:    s.given["task.failed"].word == "skip",
	}
}

func lowerWorker(s *symbol) ir.Worker {
	w := ir.Worker{
		Tasks:  int(s.given["worker.tasks"].n),
		Age:    s.given["worker.age"].n,
		Memory: s.given["worker.memory"].n,
		CPUs:   int(s.given["worker.cpus"].n),
		Grace:  s.given["worker.grace"].n,
		Open:   s.given["worker.open"].n,
		Env:    s.given["worker.env"].texts,
		Nice:   int(s.given["worker.nice"].n),
	}
	if dir := s.given["worker.dir"].texts; len(dir) > 0 {
		w.Dir = dir[0]
	}
	return w
}

// takesFile says whether a declaration is given an open file.
func takesFile(s *symbol) bool {
	return slices.ContainsFunc(s.params, func(p param) bool { return p.typ.Kind == ir.File })
}

// lowerImports decides how generated code calls each package. A name that the
// folder has at package level can't be an import's too, nor can one that Go or
// Jennifer gives a meaning.
func (u *unit) lowerImports() []ir.Import {
	list := u.allImports()
	taken := map[string]bool{"mp": true, "init": true, "main": true}
	for name := range u.own.names {
		taken[name] = true
	}
	for _, c := range u.claims() {
		taken[c.name] = true
	}
	for i := range list {
		l := &list[i]
		if l.Path == ir.Runtime {
			continue
		}
		for taken[l.Name] || predeclared[l.Name] || builtins[l.Name] {
			l.Name += "_"
		}
		taken[l.Name] = true
		l.Alias = l.Name != lastElement(l.Path)
	}
	return list
}

// allImports are the packages that Go code of the folder may need, as its .mp files
// call them, sorted by path.
func (u *unit) allImports() []ir.Import {
	list := []ir.Import{
		{Path: "context", Name: "context", Std: true},
		{Path: "time", Name: "time", Std: true},
		{Path: ir.Runtime, Name: "mp", Alias: true},
	}
	if slices.ContainsFunc(u.order, takesFile) {
		list = append(list, ir.Import{Path: "os", Name: "os", Std: true})
	}
	for _, i := range u.used {
		if slices.ContainsFunc(list, func(l ir.Import) bool { return l.Path == i.path }) {
			continue
		}
		name := i.alias
		if name == "" {
			name = i.pkg.name
		}
		list = append(list, ir.Import{Path: i.path, Name: name, Alias: name != lastElement(i.path), Std: i.pkg.std})
	}
	slices.SortFunc(list, func(a, b ir.Import) int { return cmp.Compare(a.Path, b.Path) })
	return list
}
