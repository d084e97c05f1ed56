package compiler

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// check reads the settings of all declarations, puts pools and methods into their
// flows, and looks at the graph that comes of it.
func (u *unit) check() {
	all := u.order
	if u.main != nil {
		all = append(slices.Clip(all), u.main)
	}
	for _, s := range all {
		if s.missing {
			continue
		}
		if block := blockOf(s.decl); block != nil {
			u.readBlock(s, block, "")
		}
		u.checkRequired(s)
	}
	for _, s := range u.order {
		if !s.missing {
			u.checkBatch(s)
		}
	}
	for _, flow := range u.flows {
		u.checkFlow(flow)
	}
	for _, s := range u.order {
		switch {
		case s.missing:
		case s.serves():
			u.checkFailures(s)
			u.checkWarmth(s)
			u.checkAtOnce(s)
			u.checkEnvironment(s)
		case s.kind == "process":
			u.checkStarts(s)
			u.checkWarmth(s)
			u.checkEnvironment(s)
		}
	}
	u.checkLending()
	u.connect(all)
	u.checkGraph(all)
	u.checkSharing(all)
	u.blameDeclarations()
}

// checkRequired reports settings that must be given and are not.
func (u *unit) checkRequired(s *symbol) {
	for i := range settings {
		row := &settings[i]
		if _, given := s.given[row.Key]; row.Must && row.has(s.kind, "") && !given && !u.partial {
			u.add(wantsSetting(s, row))
		}
	}
}

func blockOf(d grammar.Decl) *grammar.Block {
	switch d := d.(type) {
	case *grammar.Typed:
		return d.Block
	case *grammar.Process:
		return d.Block
	case *grammar.Plain:
		return d.Block
	case *grammar.Pool:
		return d.Block
	case *grammar.Service:
		return d.Block
	}
	return nil
}

// readBlock reads the settings of a block; in is its key, or "" for the declaration's own.
func (u *unit) readBlock(s *symbol, block *grammar.Block, in string) {
	for _, item := range block.Items {
		switch item := item.(type) {
		case *grammar.Method:
			if s.kind != "service" || in != "" {
				u.add(noMethod(s, in, item))
			}
		case *grammar.Setting:
			u.readSetting(s, item, in)
		}
	}
}

// mainKeys are the settings that process main has.
var mainKeys = []string{"send", "receive", "use", "footprint"}

func (u *unit) readSetting(s *symbol, at *grammar.Setting, in string) {
	key := at.Key.Text
	row := findSetting(s.kind, in, key)
	path := key
	if in != "" {
		path = in + "." + key
	}
	switch {
	case row == nil:
		u.excuseSetting(at)
		u.add(unknownSetting(s, at, in, u.moved(s, at, in)))
		return
	case row.Later:
		u.excuseSetting(at)
		u.add(unavailable(at.Key.Span, "setting "+quote(key)))
		return
	case s != u.main && key == "footprint":
		u.add(onlyMainHas(at))
		return
	case s == u.main && !slices.Contains(mainKeys, key):
		u.add(mainHas(at.Key.Span, "setting "+quote(key)))
		return
	}
	if old, ok := s.given[path]; ok {
		u.excuseSetting(at)
		u.add(u.doubled(row, at, old.at))
		return
	}
	got := set{at: at}
	ok := u.readValue(s, row, at, &got)
	if ok || row.Takes == Nested {
		s.given[path] = got
	} else {
		s.given[path] = set{at: at}
	}
	if row.Takes == Nested && at.Block != nil {
		u.readBlock(s, at.Block, key)
	}
}

// readValue reads what a setting is given.
func (u *unit) readValue(s *symbol, row *Setting, at *grammar.Setting, got *set) bool {
	if row.Takes == Nested {
		if at.Block == nil {
			u.add(wantsBlock(at))
			return false
		}
		return true
	}
	if at.Block != nil {
		u.add(wantsNoBlock(row, at))
		return false
	}
	if row.Takes == Nothing {
		if len(at.Values) > 0 {
			u.add(wantsNothing(at))
		}
		return true
	}
	if len(at.Values) == 0 {
		u.add(wantsValue(row, at))
		return false
	}
	if row.Takes&Names != 0 {
		for i := range at.Values {
			u.readName(s, row, at, i, got)
		}
		return true
	}
	if row.Takes&Texts != 0 {
		for _, v := range at.Values {
			u.readText(row, v, got)
		}
		return true
	}
	if len(at.Values) > 1 {
		u.add(wantsOne(row, at))
		return false
	}
	v := at.Values[0]
	if row.Takes&Text != 0 {
		u.readText(row, v, got)
		return true
	}
	if v.Ref != nil {
		if row.Takes&Word != 0 && v.Ref.Sel == nil && contains(row.Words, v.Ref.Name.Text) {
			got.word = v.Ref.Name.Text
			return true
		}
		if row.Takes&Name != 0 {
			if q := u.lookup(v.Ref, strings.Fields(row.Kinds)...); q != nil {
				got.refs = []target{{v.Ref, q}}
			}
			return true
		}
		if row.Takes&Field != 0 {
			u.findKey(s, v.Ref)
			return true
		}
	}
	if v.Number == nil {
		u.add(wrongForm(row, v))
		return false
	}
	n, read := int64(0), malformed
	switch {
	case row.Takes&Count != 0:
		n, read = readCount(v.Number.Text)
	case row.Takes&Size != 0:
		n, read = readSize(v.Number.Text)
	case row.Takes&Duration != 0:
		n, read = readDuration(v.Number.Text)
	}
	switch {
	case read == malformed:
		u.add(wrongForm(row, v))
		return false
	case read == tooLarge || n < row.Min || n > row.Max:
		u.add(outOfRange(row, v.Number, u.without(at.Span)))
		return false
	}
	got.n = n
	return true
}

// readName reads one name of send, receive, use or read.
func (u *unit) readName(s *symbol, row *Setting, at *grammar.Setting, i int, got *set) {
	v := at.Values[i]
	if v.Ref == nil {
		u.add(wrongForm(row, v))
		return
	}
	sym := u.lookup(v.Ref, strings.Fields(row.Kinds)...)
	if sym == nil {
		return
	}
	for _, old := range got.refs {
		if old.sym == sym {
			u.add(namedTwice(at, i, old.ref))
			return
		}
	}
	got.refs = append(got.refs, target{v.Ref, sym})
}

// readText reads one string.
func (u *unit) readText(row *Setting, v *grammar.Value, got *set) {
	if v.String == nil {
		u.add(wrongForm(row, v))
		return
	}
	text, err := strconv.Unquote(v.String.Text)
	switch {
	case err != nil:
		u.add(malformedText(v, "no string of Go's"))
	case strings.ContainsRune(text, 0):
		u.add(malformedText(v, "a zero byte ends it, for the system"))
	case row.Takes&Text != 0 && text == "":
		u.add(malformedText(v, "it is empty"))
	default:
		got.texts = append(got.texts, text)
	}
}

// findKey finds the field of a queue's items that says who reads them.
func (u *unit) findKey(s *symbol, ref *grammar.Ref) {
	if s.typ == nil {
		return
	}
	if s.typ.Kind != ir.Declared || u.declared(s.typ).kind != "struct" {
		u.add(keyOfNoStruct(s, ref))
		return
	}
	of := u.declared(s.typ)
	var names []string
	for i, f := range of.fields {
		names = append(names, f.name.Text)
		switch {
		case f.name.Text != ref.Name.Text:
		case ref.Sel != nil:
			u.add(keyInside(ref))
			return
		case f.typ == nil:
			return
		case f.typ.Kind != ir.String && !f.typ.Flat:
			if u.pointerIn(f.typ, 0) != "" {
				u.add(keyWithoutHash(ref, f))
			}
			return
		default:
			s.key = &of.fields[i]
			return
		}
	}
	near, sure := grammar.Nearest(ref.Name.Text, names)
	u.add(keyUnknown(of, ref, near, sure))
}

// checkStarts checks what a process says about its starts.
func (u *unit) checkStarts(s *symbol) {
	if m, ok := s.given["max"]; ok && !s.onDemand {
		u.add(maxWithoutDemand(s, m.at))
	}
}

// checkWarmth checks what is said about processes that are started ahead.
func (u *unit) checkWarmth(s *symbol) {
	start, given := s.given["start"]
	if spares, ok := s.given["spares"]; ok && start.word != "warm" && (!given || start.word != "") {
		u.add(sparesOfNone(s, spares.at, start.at))
	}
	if start.word == "warm" && !s.startsAgain() {
		u.add(warmOnce(s, start.at))
	}
}

// checkFailures checks what a pool or service does with tasks that it gives up on.
func (u *unit) checkFailures(s *symbol) {
	failed, ok := s.given["task.failed"]
	if !ok || failed.at == nil || len(failed.at.Values) != 1 {
		return
	}
	if !s.stage() {
		if !u.partial && !u.excused[s.name.Text] && (failed.word == "skip" || len(failed.refs) > 0) {
			u.add(failedWithoutFlow(s, failed.at))
		}
		return
	}
	for _, f := range s.funcs {
		for _, r := range failed.refs {
			if f.flow == nil || r.sym.typ == nil || f.in == nil || same(r.sym.typ, &ir.Type{Kind: ir.Failed, Elem: f.in}) {
				continue
			}
			u.add(failedType(f, r))
			return
		}
	}
}
