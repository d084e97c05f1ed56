package compiler

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// Random pipelines that are right. What is drawn stands on a line from left to
// right: who sends stands left of the queue and who receives right of it, and who
// calls stands left of who is called; so nothing waits for itself. The program can
// stand anywhere.

// greedy are names such that generated code might want for itself, or Go has, or the language.
var greedy = strings.Fields(`ctx p run err n d e v mp context time r s c in task opts to x i args w url id uid node item
	string error int byte len cap new copy start wait close stats self any max min iota nil true append value queue
	process send receive use read worker key slot struct_ image netip big t bytes flow pool enum lock array failed import_
	instance instances mpRun mpPut mpGet mpPipeline jobs path_of größe ñu Ω
	marshalJSON readByte writeTo wait_ shutdown dump processes main init context_ _ x_ xTask xPorts ctxPorts ctxTask url_`)

// greedyTypes are the same for types.
var greedyTypes = strings.Fields(`Error String Context Mp Pool Node XPorts CtxPorts XTask CtxTask Url URL X Ctx
	ArgsLen Value Queue T E EX XE Mpx Ω`)

// pipelines draws the text of a .mp file that has no mistake.
func pipelines() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return (&drawing{T: t}).pipeline() })
}

// greedyPipelines draws the text of a .mp file that has no mistake but in its names,
// if those meet.
func greedyPipelines() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return (&drawing{T: t, greedy: true}).pipeline() })
}

// drawing is a pipeline while it is drawn.
type drawing struct {
	*rapid.T
	n       int
	greedy  bool // declarations have names that others may want
	had     map[string]bool
	structs []drawnStruct
	enums   []string
	imports map[string]bool
	parts   []string
	nodes   []*drawn // on the line
	main    drawn
}

type drawnStruct struct {
	name string
	flat bool
	keys []string // fields that can be a key
}

// drawn is a declaration that is somewhere on the line.
type drawn struct {
	kind, name, head string
	typ              string // of a queue's items
	of               string // of a queue of failed[T], the T
	keyed            bool
	in, out          string
	method           string
	demand           bool
	daemon           bool
	several          bool
	send, receive    []string
	use, read        []string
	settings         []string
	batch            bool // a pool takes several tasks at once
	task             []string
	fed              bool // a queue has somebody who sends
	drained          bool
}

func (d *drawing) chance(percent int) bool {
	return rapid.IntRange(1, 100).Draw(d.T, "chance") <= percent
}

func (d *drawing) upTo(n int) int { return rapid.IntRange(0, n).Draw(d.T, "number") }

func pick[T any](d *drawing, of []T) T { return of[rapid.IntRange(0, len(of)-1).Draw(d.T, "pick")] }

// name is one that no other declaration has, in .mp or in Go.
func (d *drawing) name(prefix string) string {
	if d.greedy && d.chance(80) {
		of := greedy
		if startsUpper(prefix) {
			of = greedyTypes
		}
		refused := func(name string) bool {
			return predeclared[name] || builtins[name] || runMembers[exported(name)] || name == "main"
		}
		if name := pick(d, of); !d.had[strings.ToLower(name)] && (!refused(name) || d.chance(5)) {
			d.had[strings.ToLower(name)] = true
			return name
		}
	}
	d.n++
	return fmt.Sprintf("%s%d", prefix, d.n)
}

// small is a name for a declaration: one of words, with a number that makes it the only one.
func (d *drawing) small() string {
	return d.name(pick(d, []string{"jobs", "url", "x", "mpX", "run", "ctx", "é", "a_b"}))
}

// distinct are names of parameters or fields, which differ in Go too.
func (d *drawing) distinct(n int) []string {
	var list []string
	had := map[string]bool{}
	for range n {
		name := pick(d, greedy)
		for !startsLower(name) || goKeyword(name) || had[exported(name)] {
			name = d.name("f")
		}
		had[exported(name)] = true
		list = append(list, name)
	}
	return list
}

func goKeyword(name string) bool {
	return slices.Contains(strings.Fields("struct import type map func chan range select"), name)
}

var foreignFlat = []string{"time time.Duration", "image image.Point", "image image.Rectangle", "time time.Month", "image/color color.RGBA"}
var foreignTypes = []string{"time time.Time", "net/netip netip.Addr", "math/big big.Int", "net/netip netip.Prefix", "net/url url.URL"}

func (d *drawing) imported(from []string) string {
	path, name, _ := strings.Cut(pick(d, from), " ")
	d.imports[path] = true
	return name
}

// flat draws a type without pointers.
func (d *drawing) flat(depth int) string {
	switch n := d.upTo(9); {
	case n == 0 && depth > 0:
		return fmt.Sprintf("[%d]%s", d.upTo(5), d.flat(depth-1))
	case n == 1 && len(d.enums) > 0:
		return pick(d, d.enums)
	case n == 2:
		return d.imported(foreignFlat)
	case n == 3:
		for _, s := range d.structs {
			if s.flat && d.chance(60) {
				return s.name
			}
		}
	}
	return pick(d, strings.Fields("bool byte rune int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"))
}

// typ draws a type.
func (d *drawing) typ(depth int) string {
	switch n := d.upTo(12); {
	case depth > 0 && n == 0:
		return "[]" + d.typ(depth-1)
	case depth > 0 && n == 1:
		return "*" + d.typ(depth-1)
	case depth > 0 && n == 2:
		return fmt.Sprintf("[%d]%s", d.upTo(5), d.typ(depth-1))
	case depth > 0 && n == 3:
		return "map[" + d.key() + "]" + d.typ(depth-1)
	case n == 4:
		return d.imported(foreignTypes)
	case n <= 7 && len(d.structs) > 0:
		return pick(d, d.structs).name
	case n == 8:
		return "string"
	case n == 9:
		return "[]byte"
	}
	return d.flat(depth)
}

// key draws what can be the key of a map.
func (d *drawing) key() string {
	if d.chance(40) {
		return d.flat(1)
	}
	return pick(d, []string{"string", "int", "[2]string", "float64", "bool"})
}

func (d *drawing) types() {
	for range d.upTo(2) {
		name := d.name("E")
		d.parts = append(d.parts, fmt.Sprintf("%senum %s { %s }", d.doc(), name, strings.Join(d.distinct(1+d.upTo(4)), "; ")))
		d.enums = append(d.enums, name)
	}
	for range d.upTo(4) {
		s := drawnStruct{name: d.name("S"), flat: d.chance(40)}
		var b strings.Builder
		fmt.Fprintf(&b, "%sstruct %s {", d.doc(), s.name)
		for _, f := range d.distinct(d.upTo(5)) {
			t := ""
			switch {
			case s.flat:
				t = d.flat(2)
				s.keys = append(s.keys, f)
			case d.chance(15):
				t = pick(d, []string{"[]", "*", "map[string]"}) + s.name
			default:
				if t = d.typ(2); t == "string" {
					s.keys = append(s.keys, f)
				}
			}
			fmt.Fprintf(&b, "\n\t%s %s%s", f, t, d.note())
		}
		b.WriteString("\n}")
		d.parts = append(d.parts, b.String())
		d.structs = append(d.structs, s)
	}
}

// doc draws a comment above a declaration, as gofmt has opinions about some.
func (d *drawing) doc() string {
	if !d.chance(25) {
		return ""
	}
	return pick(d, []string{"// It has a doc.\n", "// # Heading\n//\n//   - one\n//   - two\n//\n//\tcode\n", "// a\n//\n//  1. x\n//  2. y\n",
		"/* A block\n   of text. */\n", "//go:noinline\n", "// [Job]: https://example.com\n", "// ünïcödé 漢字 \\ \" `\n", "//\tcode\n// text\n"})
}

func (d *drawing) note() string {
	if !d.chance(15) {
		return ""
	}
	return pick(d, []string{" // a note", " /* a note */", " //nolint", " // \"quoted\" 漢"})
}

// params draws a parameter list, with brackets.
func (d *drawing) params(least, most int) (list string, first string) {
	var params []string
	for _, name := range d.distinct(least + d.upTo(most-least)) {
		t := d.typ(2)
		if first == "" {
			first = t
		}
		params = append(params, name+" "+t)
	}
	if len(params) != 1 {
		first = ""
	}
	return "(" + strings.Join(params, ", ") + ")", first
}

func (d *drawing) pipeline() string {
	d.imports, d.had = map[string]bool{}, map[string]bool{}
	d.main = drawn{kind: "process", name: "main", head: "process main"}
	d.types()
	for range 1 + d.upTo(9) {
		d.node()
	}
	d.connect()
	d.share()
	for _, s := range d.structs { // every type travels
		d.parts = append(d.parts, fmt.Sprintf("value %s %s", d.small(), s.name))
	}
	for _, e := range d.enums {
		d.parts = append(d.parts, fmt.Sprintf("value %s []%s", d.small(), e))
	}
	for _, n := range append(d.nodes, &d.main) {
		if n != &d.main || len(n.send)+len(n.receive)+len(n.use) > 0 {
			d.parts = append(d.parts, d.doc()+d.text(n))
		}
	}
	for i := range d.parts { // in any order
		j := d.upTo(i)
		d.parts[i], d.parts[j] = d.parts[j], d.parts[i]
	}
	var b strings.Builder
	b.WriteString("package lib\n\n") // main would be linked, too, where many are built
	paths := []string{}
	for path := range d.imports {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		fmt.Fprintf(&b, "import %q\n", path)
	}
	return b.String() + "\n" + strings.Join(d.parts, "\n\n") + "\n"
}

// node draws a declaration onto the end of the line.
func (d *drawing) node() {
	n := &drawn{name: d.small()}
	switch d.upTo(3) {
	case 0:
		n.kind, n.typ = "queue", d.typ(2)
		if d.chance(20) {
			n.of = n.typ
			n.typ = "failed[" + n.typ + "]"
		}
		n.head = "queue " + n.name + " " + n.typ
		n.settings = d.settingsOf("queue", "", "key")
		for _, s := range d.structs {
			if s.name == n.typ && len(s.keys) > 0 && d.chance(50) {
				n.keyed = true
				n.settings = append(n.settings, "key "+pick(d, s.keys))
			}
		}
	case 1:
		n.kind = "process"
		params, _ := d.params(0, 3)
		if params == "()" && d.chance(50) {
			params = ""
		}
		instances := ""
		switch d.upTo(3) {
		case 0:
			instances, n.several = fmt.Sprintf("[%d]", 1+d.upTo(3)), true
		case 1:
			instances, n.demand, n.several = "[]", true, true
		}
		n.head = "process " + n.name + instances + params
		n.settings = d.settingsOf("process", "", "daemon", "restart", "max", "footprint", "spares", "send", "receive", "use", "read")
		if n.demand && d.chance(50) {
			n.settings = append(n.settings, fmt.Sprintf("max %d", 1+d.upTo(8)))
		}
		if !n.demand {
			n.settings = append(n.settings, pick(d, []string{"restart never", "restart always", "restart 3", "restart on_failure"}))
			if d.chance(10) {
				n.daemon = true
				n.settings = append(n.settings, "daemon")
			}
		}
	case 2:
		n.kind, n.several = "pool", true
		var params string
		n.settings = append(d.settingsOf("pool", "", "workers", "spares", "send", "use", "read", "batch", "wait", "concurrent"), fmt.Sprintf("workers %d", 1+d.upTo(5)))
		if n.batch = d.chance(20); n.batch { // it is no stage
			params = "(" + d.small() + " []" + d.element() + ")"
			if d.chance(70) {
				n.out = "[]" + d.element()
			}
			n.settings = append(n.settings, fmt.Sprintf("batch %d", 2+d.upTo(100)))
			if d.chance(50) {
				n.settings = append(n.settings, "wait 5ms")
			}
		} else {
			params, n.in = d.params(1, 3)
			if d.chance(70) {
				n.out = d.typ(2)
			}
		}
		n.head = "pool " + n.name + params + " " + n.out
		n.task = d.settingsOf("pool", "task", "failed")
	case 3:
		n.kind, n.several = "service", true
		params, _ := d.params(0, 2)
		n.head = "service " + n.name + params
		for _, name := range d.distinct(1 + d.upTo(3)) {
			if g := exported(name); g == "Close" || goMethods[g] {
				name = d.name("f")
			}
			params, in := d.params(0, 3)
			out := ""
			if d.chance(60) {
				out = d.typ(2)
			}
			n.settings = append(n.settings, d.doc()+"func "+name+params+" "+out+d.note())
			if in != "" && n.method == "" {
				n.method, n.in, n.out = name, in, out
			}
		}
		n.settings = append(n.settings, d.settingsOf("service", "", "workers", "spares", "send", "use", "read", "concurrent")...)
		n.task = d.settingsOf("service", "task", "failed")
	}
	if n.kind != "queue" {
		if !slices.Contains(n.settings, "restart never") && d.chance(20) {
			n.settings = append(n.settings, "start warm")
			if d.chance(50) {
				n.settings = append(n.settings, fmt.Sprintf("spares %d", 1+d.upTo(8)))
			}
		}
		if w := d.settingsOf(n.kind, "worker"); len(w) > 0 {
			n.settings = append(n.settings, "worker { "+strings.Join(w, "; ")+" }")
		}
	}
	d.nodes = append(d.nodes, n)
}

// settingsOf draws some of the settings that take numbers.
func (d *drawing) settingsOf(kind, block string, but ...string) []string {
	var list []string
	for _, s := range settings {
		if s.Later || !s.has(kind, block) || slices.Contains(but, s.Key) || s.Takes&(Count|Size|Duration) == 0 || !d.chance(25) {
			continue
		}
		n := s.Min + int64(rapid.Uint32().Draw(d.T, "setting"))%(min(s.Max, s.Min+1<<30)-s.Min+1)
		switch {
		case s.Takes&Size != 0:
			list = append(list, fmt.Sprintf("%s %dB", s.Key, n))
		case s.Takes&Duration != 0:
			list = append(list, s.Key+" "+durationText(n/ms*ms))
		default:
			list = append(list, fmt.Sprintf("%s %d", s.Key, n))
		}
	}
	return list
}

// connect gives queues their ends, from left to right.
func (d *drawing) connect() {
	for i, n := range d.nodes {
		left, right := d.nodes[:i], d.nodes[i+1:]
		switch n.kind {
		case "queue":
			for _, s := range left {
				if s.kind != "queue" && !s.daemon && d.chance(30) {
					s.send = append(s.send, n.name)
					n.fed = true
				}
			}
			for _, r := range right {
				if r.kind == "process" && !(n.keyed && r.demand) && d.chance(40) {
					r.receive = append(r.receive, n.name)
					n.drained = true
				}
			}
		case "pool", "service":
			stage := false
			if n.in != "" && d.chance(60) {
				stage = d.stage(n, left, right)
			}
			if !stage && !n.batch && d.chance(20) {
				n.settings = append(n.settings, fmt.Sprintf("concurrent %d", 2+d.upTo(20)))
			}
			for _, c := range left {
				if c.kind != "queue" && (n.kind == "service" || !stage) && d.chance(30) {
					c.use = append(c.use, n.name)
				}
			}
		}
	}
	for _, n := range d.nodes {
		if n.kind == "queue" && (!n.fed || d.chance(10)) {
			d.main.send = append(d.main.send, n.name)
		}
		if n.kind == "queue" && (!n.drained || d.chance(10)) {
			d.main.receive = append(d.main.receive, n.name)
		}
	}
}

// element draws a type of which there may be a slice that is no []byte.
func (d *drawing) element() string {
	if t := d.typ(2); t != "byte" && t != "uint8" {
		return t
	}
	return "int"
}

// stage puts a pool or a func of a service into a flow, if there are queues of its types.
func (d *drawing) stage(n *drawn, left, right []*drawn) bool {
	var from, to, dead *drawn
	for _, q := range left {
		if q.kind == "queue" && q.typ == n.in {
			from = q
		}
	}
	for _, q := range right {
		if q.kind == "queue" && (q.typ == n.out || "[]"+q.typ == n.out) {
			to = q
		}
		if q.kind == "queue" && q.of == n.in {
			dead = q
		}
	}
	if from == nil && d.chance(60) { // a queue of its own, to the left of everything
		from = &drawn{kind: "queue", name: d.small(), typ: n.in}
		from.head = "queue " + from.name + " " + from.typ
		d.main.send = append(d.main.send, from.name)
		d.parts = append(d.parts, from.head)
	}
	if n.out != "" && to == nil {
		to = &drawn{kind: "queue", name: d.small(), typ: strings.TrimPrefix(n.out, "[]")}
		to.head = "queue " + to.name + " " + to.typ
		d.main.receive = append(d.main.receive, to.name)
		d.parts = append(d.parts, to.head)
	}
	if from == nil {
		if to != nil && !slices.Contains(d.nodes, to) {
			d.main.send = append(d.main.send, to.name)
		}
		return false
	}
	from.drained = true
	flow := "flow " + from.name + " -> " + n.name
	if n.kind == "service" {
		flow += "." + n.method
	}
	if n.out != "" {
		flow += " -> " + to.name
		to.fed = true
	}
	d.parts = append(d.parts, flow)
	if dead != nil {
		dead.fed = true
		n.task = append(n.task, "failed "+dead.name)
	} else {
		n.task = append(n.task, pick(d, []string{"failed skip", "failed stop"}))
	}
	return true
}

// share draws numbers, values, dicts, arrays and locks, and who uses them.
func (d *drawing) share() {
	var users []*drawn
	for _, n := range d.nodes {
		if n.kind != "queue" {
			users = append(users, n)
		}
	}
	for range d.upTo(3) {
		name := d.small()
		d.parts = append(d.parts, d.doc()+"value "+name+" "+d.typ(2)+d.note())
		for _, n := range append(slices.Clip(users), &d.main) {
			if d.chance(40) {
				n.use = append(n.use, name)
			}
		}
	}
	for range d.upTo(2) {
		name, kind, t := d.small(), pick(d, []string{"dict", "list", "set"}), ""
		switch kind {
		case "dict":
			t = "map[" + d.key() + "]" + d.typ(2)
		case "list":
			t = d.typ(2)
		case "set":
			t = d.key()
		}
		s := drawn{head: kind + " " + name + " " + t, settings: d.settingsOf(kind, "")}
		d.parts = append(d.parts, d.doc()+d.text(&s))
		for _, n := range append(slices.Clip(users), &d.main) {
			if d.chance(40) {
				n.use = append(n.use, name)
			}
		}
	}
	for range d.upTo(3) {
		if len(users) == 0 {
			break
		}
		name := d.small()
		d.parts = append(d.parts, d.doc()+pick(d, []string{"lock NAME", "rlock NAME", "rwlock NAME", "event NAME", "condition NAME",
			"semaphore NAME { permits 3 }"}))
		last := &d.parts[len(d.parts)-1]
		*last = strings.ReplaceAll(*last, "NAME", name) + d.note()
		n := pick(d, users)
		n.use = append(n.use, name)
	}
	for range d.upTo(2) {
		if len(users) == 0 {
			break
		}
		blocks, queue, n := d.small(), d.small(), pick(d, users)
		s := drawn{head: "blocks " + blocks, settings: append(d.settingsOf("blocks", ""), "memory 1MiB")}
		s.settings = slices.DeleteFunc(s.settings, func(is string) bool { return strings.HasPrefix(is, "memory ") && is != "memory 1MiB" })
		of := pick(d, []string{"", "[]", "[3]", "*", "map[int]"}) + blocks
		d.parts = append(d.parts, d.doc()+d.text(&s), "queue "+queue+" "+of)
		n.use, n.send, d.main.receive = append(n.use, blocks), append(n.send, queue), append(d.main.receive, queue)
	}
	for range d.upTo(2) {
		lock, name := d.small(), d.small()
		length := "[]"
		if d.chance(50) {
			length = fmt.Sprintf("[%d]", 1+d.upTo(1000))
		}
		d.parts = append(d.parts, "lock "+lock, fmt.Sprintf("array %s %s%s { guard %s }", name, length, d.flat(2), lock))
		for _, n := range users {
			switch d.upTo(3) {
			case 0:
				n.use = append(n.use, name, lock)
			case 1:
				n.read = append(n.read, name)
			}
		}
	}
}

// text is a declaration as it stands in the file.
func (d *drawing) text(n *drawn) string {
	items := slices.Clone(n.settings)
	for _, list := range []struct {
		key   string
		names []string
	}{{"send", n.send}, {"receive", n.receive}, {"use", n.use}, {"read", n.read}} {
		if len(list.names) > 0 {
			items = append(items, list.key+" "+strings.Join(list.names, ", "))
		}
	}
	if len(n.task) > 0 {
		items = append(items, "task { "+strings.Join(n.task, "; ")+" }")
	}
	if len(items) == 0 {
		return n.head
	}
	return n.head + " {\n\t" + strings.Join(items, "\n\t") + "\n}"
}
