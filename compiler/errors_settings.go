package compiler

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/mpgen/mpgen/compiler/diag"
	"github.com/mpgen/mpgen/grammar"
)

// Findings about settings.

func unknownSetting(s *symbol, at *grammar.Setting, in string, move []diag.Edit) diag.Diagnostic {
	key := at.Key.Text
	owner := s.kind
	if in != "" {
		owner = "block " + in
	}
	d := diag.New(codeUnknownSetting, diag.At(at.Key), "%s has no setting %q", owner, key).
		WithLabel("unknown")
	for i := range settings {
		row := &settings[i]
		if row.Key != key || !contains(row.Of, s.kind) {
			continue
		}
		if row.In == "" {
			return fix(d.WithHelp("%q is a setting of the %s itself, not of its block %s", key, s.kind, in), "move it out of its block", move)
		}
		return fix(d.WithHelp("write it inside of its block: %s { %s … }", row.In, key), "move it into the block "+row.In, move)
	}
	for i := range settings {
		if settings[i].Key != key {
			continue
		}
		if key == "workers" && s.kind == "process" {
			return d.WithHelp("%q is a setting of pools and services; for several processes, write process %s[4]", key, s.name.Text)
		}
		return d.WithHelp("%q is a setting of %s", key, articles(settings[i].Of))
	}
	if d, ok := warmAlone(d, s, at, in); ok {
		return d
	}
	if help := saidElsewhere[key]; help != "" && s.kind == "pool" {
		return d.WithHelp("remove it: %s", help)
	}
	if isKeyword(key) {
		if s.kind == "service" {
			return d.WithHelp("what a service holds are the fields of its object, in Go; what processes share is declared outside of it")
		}
		return d.WithHelp("%q starts a declaration of its own, which stands outside of this one", key)
	}
	if near, sure := grammar.Nearest(key, keysOf(s.kind, in)); near != "" {
		return meant(d, at.Key, key, near, sure)
	}
	if other := settingSynonyms[key]; other != "" && slices.Contains(keysOf(s.kind, in), other) {
		return meant(d, at.Key, key, other, begunAlike(key, other))
	}
	for _, block := range []string{"", "task", "worker"} {
		keys := keysOf(s.kind, block)
		near, sure := grammar.Nearest(key, keys)
		if other := settingSynonyms[key]; near == "" && slices.Contains(keys, other) {
			near, sure = other, begunAlike(key, other)
		}
		switch {
		case near == "" || block == in || block != "" && in != "":
		case block == "":
			return meant(d, at.Key, key, near, sure).WithHelp("did you mean %q, which is a setting of the %s itself?", near, s.kind)
		default:
			return meant(d, at.Key, key, near, sure).WithHelp("did you mean %q, inside of its block: %s { %s … }?", near, block, near)
		}
	}
	keys := list(keysOf(s.kind, in), "and")
	if keys == "" {
		keys = "none"
	}
	return d.WithHelp("it has %s", keys)
}

// begunAlike says whether a word is but another form of a setting's name, as retry is of retries.
func begunAlike(word, key string) bool {
	return len(word) > 3 && strings.HasPrefix(key, word[:len(word)-1])
}

// settingSynonyms are what other programs call a setting.
var settingSynonyms = map[string]string{
	"buffer": "capacity", "size": "capacity", "length": "capacity", "depth": "capacity", "limit": "capacity",
	"concurrency": "workers", "threads": "workers", "processes": "workers", "replicas": "workers", "instances": "workers",
	"parallelism": "workers", "parallel": "workers", "retry": "retries", "attempts": "retries", "deadline": "timeout",
	"delay": "backoff", "on_error": "failed", "on_failure": "failed", "lifetime": "age", "mem": "memory", "ram": "memory",
	"recv": "receive", "consume": "receive", "consumes": "receive", "input": "receive", "in": "receive", "from": "receive",
	"produce": "send", "produces": "send", "emit": "send", "output": "send", "out": "send", "to": "send",
	"environment": "env", "environ": "env", "variables": "env", "cwd": "dir", "chdir": "dir", "workdir": "dir", "folder": "dir",
	"directory": "dir", "niceness": "nice", "priority": "nice",
	"chunk": "batch", "chunksize": "batch", "batch_size": "batch", "max_batch": "batch", "linger": "wait", "max_wait": "wait", "simultaneous": "concurrent",
	"n_jobs": "workers", "njobs": "workers", "jobs": "workers", "nproc": "workers", "n_workers": "workers", "num_workers": "workers",
	"max_workers": "workers", "n_processes": "workers", "pool_size": "workers", "maxtasksperchild": "tasks", "max_tasks_per_child": "tasks",
	"max_tasks": "tasks", "maxsize": "capacity", "max_size": "capacity", "maxlen": "capacity", "queue_size": "capacity",
	"max_retries": "retries",
	"share":       "use", "shares": "use", "uses": "use", "call": "use", "calls": "use", "lock": "guard", "mutex": "guard",
}

// saidElsewhere are settings of pools in other programs that are no settings here: what does the same.
var saidElsewhere = func() map[string]string {
	order := "Map gives the results in the order of its inputs, MapUnordered as they come, and several workers of a flow keep no order"
	once := "a service makes an object once in each worker, by the Go function that opens it"
	all := map[string]string{
		"pre_dispatch": "the program says how far a loop goes ahead, by Ahead before Map",
		"verbose":      "the program shows how far a loop is, by mp.Progress around Map",
		"progress":     "the program shows how far a loop is, by mp.Progress around Map",
		"backend":      "workers are processes; for goroutines the program gives Start mp.Goroutines()",
		"engine":       "workers are processes; for goroutines the program gives Start mp.Goroutines()",
		"callback":     "the program waits for what Go returns, or ranges over Map",
	}
	for _, key := range strings.Fields("order ordered keep_order preserve_order in_order unordered sorted return_as") {
		all[key] = order
	}
	for _, key := range strings.Fields("initializer initargs init setup") {
		all[key] = once
	}
	return all
}()

// warmAlone is about what other programs call start warm, with or without the number of spares.
func warmAlone(d diag.Diagnostic, s *symbol, at *grammar.Setting, in string) (diag.Diagnostic, bool) {
	if !contains("warm preload prefork prestart forkserver", at.Key.Text) || !contains("process pool service", s.kind) || at.Block != nil {
		return d, false
	}
	write, sure := "start warm", in == ""
	for _, v := range at.Values {
		switch {
		case len(at.Values) > 1:
			sure = false
		case v.Number != nil:
			write += "; spares " + v.Number.Text
		case v.Ref == nil || !contains("true yes on", v.Ref.String()):
			sure = false
		}
	}
	if in != "" {
		return d.WithHelp("write it outside of %s { … }: %s", in, write), true
	}
	if !sure {
		return d.WithHelp("write start warm, or leave it out"), true
	}
	return d.WithHelp("write %s", write).WithFix("write "+quote(write), diag.Replace(at, write)), true
}

// fix is a finding with edits, if there are any.
func fix(d diag.Diagnostic, message string, edits []diag.Edit) diag.Diagnostic {
	if len(edits) == 0 {
		return d
	}
	return d.WithFix(message, edits...)
}

func wantsSetting(s *symbol, row *Setting) diag.Diagnostic {
	as := "4"
	if row.Takes == Size {
		as = "64MiB"
	}
	return diag.New(codeMissingSetting, diag.At(s.name), "%s does not say its %s", s, row.Key).
		WithLabel("no %s", row.Key).
		WithHelp("write %s %s { %s %s }: %s", s.kind, s.name.Text, row.Key, as, row.Doc)
}

func noMethod(s *symbol, in string, m *grammar.Method) diag.Diagnostic {
	if s.kind == "service" {
		return diag.New(codeUnknownSetting, diag.At(m.Name), "block %s has a func, which stands in the service itself", in).
			WithLabel("not a setting").
			WithHelp("write it outside of %s { … }", in)
	}
	return diag.New(codeUnknownSetting, diag.At(m.Name), "%s has a func, which only a service has", s).
		WithLabel("not a setting")
}

func (u *unit) doubled(row *Setting, at, old *grammar.Setting) diag.Diagnostic {
	d := diag.New(codeDoubled, diag.At(at.Key), "setting %q is given twice", at.Key.Text).
		WithLabel("again").
		WithRelated(diag.At(old.Key), "given here first").
		WithHelp("keep one of them")
	switch {
	case u.text(at.Span) == u.text(old.Span):
		return d.WithFix("remove it", u.without(at.Span))
	case row.Takes&(Names|Texts) != 0 && len(old.Values) > 0 && len(at.Values) > 0:
		last := len(at.Values) - 1
		more := ", " + u.text(grammar.Span{Pos: at.Values[0].Pos, EndPos: at.Values[last].EndPos})
		return d.WithHelp("name all in one: %s%s", u.text(old.Span), more).
			WithFix("name all in one", u.without(at.Span), insert(old.Values[len(old.Values)-1].EndPos, more))
	}
	return d
}

func wantsBlock(at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeForm, diag.At(at), "setting %q has no block, want %s { … }", at.Key.Text, at.Key.Text).
		WithLabel("a block is wanted").
		WithHelp("%s", blockHelp(at))
}

// blockHelp says what may stand in a block, or what is meant by worker 4.
func blockHelp(at *grammar.Setting) string {
	if at.Key.Text == "worker" && len(at.Values) == 1 && at.Values[0].Number != nil {
		return "for the number of workers, write workers " + at.Values[0].Number.Text
	}
	return at.Key.Text + " { … } has settings of its own, as " + map[string]string{"task": "timeout 5s", "worker": "memory 256MiB"}[at.Key.Text]
}

func wantsNoBlock(row *Setting, at *grammar.Setting) diag.Diagnostic {
	d := diag.New(codeForm, diag.At(at.Key), "setting %q has a block, want %s", at.Key.Text, wanted(row)).
		WithLabel("no block is wanted")
	if row.Takes&Texts == 0 {
		return d
	}
	var texts []string
	for _, item := range at.Block.Items {
		v, ok := item.(*grammar.Setting)
		if !ok || v.Block != nil || len(v.Values) != 1 {
			return d.WithHelp("%s", textsHelp(row))
		}
		value := valueText(v.Values[0])
		if v.Values[0].Ref != nil {
			value = v.Values[0].Ref.String()
		} else if s := v.Values[0].String; s != nil {
			if value, _ = strconv.Unquote(s.Text); value == "" {
				return d.WithHelp("%s", textsHelp(row))
			}
		}
		texts = append(texts, strconv.Quote(v.Key.Text+"="+value))
	}
	if len(texts) == 0 {
		return d.WithHelp("%s", textsHelp(row))
	}
	return d.WithHelp("each variable is a string, and they have \",\" between them: %s %s", row.Key, strings.Join(texts, ", "))
}

// textsHelp says how strings are written.
func textsHelp(row *Setting) string {
	return "each variable is a string, and they have \",\" between them: " + row.Key + ` "TZ=UTC", "LANG=C"`
}

func wantsNothing(at *grammar.Setting) diag.Diagnostic {
	d := diag.New(codeForm, diag.At(at.Values[0]), "setting %q is given %s, want the word alone", at.Key.Text, valueText(at.Values[0])).
		WithLabel("it takes nothing")
	last := at.Values[len(at.Values)-1]
	if r := at.Values[0].Ref; r != nil && len(at.Values) == 1 && contains("true yes on", r.String()) {
		return d.WithHelp("write %q alone", at.Key.Text).
			WithFix("write the word alone", diag.Edit{Span: diag.At(grammar.Span{Pos: at.Key.EndPos, EndPos: last.EndPos})})
	}
	return d.WithHelp("write %q alone, or leave it out", at.Key.Text)
}

func wantsValue(row *Setting, at *grammar.Setting) diag.Diagnostic {
	d := diag.New(codeForm, diag.At(at.Key), "setting %q is given nothing, want %s", at.Key.Text, wanted(row)).
		WithLabel("what?")
	if row.Takes&Texts != 0 {
		return d.WithHelp("%s", textsHelp(row))
	}
	return d
}

func wantsOne(row *Setting, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeForm, diag.At(at.Values[1]), "setting %q is given %d values, want one: %s", at.Key.Text, len(at.Values), wanted(row)).
		WithLabel("one too many")
}

func wrongForm(row *Setting, v *grammar.Value) diag.Diagnostic {
	d := diag.New(codeForm, diag.At(v), "setting %q is given %s, want %s", row.Key, valueText(v), wanted(row)).
		WithLabel("not %s", withoutExamples.Replace(wanted(row)))
	switch {
	case row.Takes&Texts != 0:
		return d.WithHelp("%s", textsHelp(row))
	case v.Number != nil && row.Key == "start":
		return d.WithHelp("for %s spare processes, write start warm; spares %[1]s", v.Number.Text)
	case v.Number != nil:
		return wrongNumber(d, row, v.Number)
	case v.String != nil:
		d = d.WithLabel("in quotes")
		bare := strings.Trim(v.String.Text, "\"`")
		if readsAs(row, bare) {
			return d.WithHelp("write it without quotes").WithFix("remove the quotes", diag.Replace(v, bare))
		}
	case v.Ref != nil && row.Takes&Word != 0:
		d = d.WithLabel("no such word")
		if near, sure := grammar.Nearest(v.Ref.String(), strings.Fields(row.Words)); near != "" {
			return meant(d, v, v.Ref.String(), near, sure)
		}
	}
	return d
}

var withoutExamples = strings.NewReplacer(", as 256MiB", "", ", as 5s or 1m30s", "")

// readsAs says whether a setting takes a text.
func readsAs(row *Setting, text string) bool {
	read := malformed
	switch {
	case row.Takes&Count != 0:
		_, read = readCount(text)
	case row.Takes&Size != 0:
		_, read = readSize(text)
	case row.Takes&Duration != 0:
		_, read = readDuration(text)
	}
	return read == understood || row.Takes&Word != 0 && contains(row.Words, text) ||
		row.Takes&(Name|Names|Field) != 0 && startsLower(text) && strings.IndexFunc(text, noLetter) < 0
}

func noLetter(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// wrongNumber says what to write for a number that lacks its unit, or has one that is not meant or not known.
func wrongNumber(d diag.Diagnostic, row *Setting, n *grammar.Number) diag.Diagnostic {
	count, read := readCount(n.Text)
	digits := strings.TrimRightFunc(n.Text, unicode.IsLetter)
	written := n.Text[len(digits):]
	unit := grammar.MeantUnit(written, row.Takes&Duration != 0)
	if days, r := readCount(digits); unit == "" && r == understood && row.Takes&Duration != 0 && contains("d day days", written) && days < 1000 {
		return meant(d, n, n.Text, itoa(24*days)+"h", true)
	}
	switch {
	case unit != "" && digits+unit != n.Text && row.Takes&(Duration|Size) != 0:
		return meant(d.WithLabel("unknown unit"), n, n.Text, digits+unit, true)
	case read == understood && row.Takes&Duration != 0:
		d = d.WithLabel("no unit").WithHelp("write its unit: %ds", count)
		if count > 0 && count <= 60 {
			return d.WithFix("write it in seconds", diag.Replace(n, n.Text+"s"))
		}
		return d.WithHelp("write its unit: %dms or %ds", count, count)
	case read == understood && row.Takes&Size != 0:
		var fit []string
		for _, u := range []string{"B", "KiB", "MiB", "GiB"} {
			if size, r := readSize(n.Text + u); r == understood && size >= row.Min && size <= row.Max {
				fit = append(fit, n.Text+u)
			}
		}
		if len(fit) == 0 {
			return d.WithLabel("no unit")
		}
		return d.WithLabel("no unit").WithHelp("write its unit: %s", list(fit, "or"))
	case row.Takes&Count != 0:
		if size, r := readSize(n.Text); r == understood {
			return d.WithHelp("write %d", size)
		}
	}
	return d
}

func valueText(v *grammar.Value) string {
	switch {
	case v.Ref != nil:
		return quote(v.Ref.String())
	case v.Number != nil:
		return v.Number.Text
	}
	return "a string"
}

// outOfRange is about a number that a setting does not take; without removes the setting.
func outOfRange(row *Setting, n *grammar.Number, without diag.Edit) diag.Diagnostic {
	low, high := bounds(row)
	d := diag.New(codeRange, diag.At(n), "setting %q is %s, want %s to %s", row.Key, n.Text, low, high).
		WithLabel("out of range")
	if row.None == n.Text {
		return d.WithHelp("that is what it is without the setting: remove it").WithFix("remove it", without)
	}
	if row.None != "" {
		return d.WithHelp("without the setting it is %s, and %s is the most", row.None, high)
	}
	if row.Default != "" {
		return d.WithHelp("without the setting it is %s", row.Default)
	}
	return d
}

func namedTwice(at *grammar.Setting, i int, old *grammar.Ref) diag.Diagnostic {
	v := at.Values[i]
	return diag.New(codeNamedTwice, diag.At(v), "%s names %q twice", at.Key.Text, v.Ref.Name.Text).
		WithLabel("again").
		WithRelated(diag.At(old), "the first time").
		WithHelp("keep one of them").
		WithFix("remove it", diag.Edit{Span: diag.At(grammar.Span{Pos: at.Values[i-1].EndPos, EndPos: v.EndPos})})
}

func maxWithoutDemand(s *symbol, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeOnDemandOnly, diag.At(at), "%s starts with the pipeline; max is for processes that the program starts by a call", s).
		WithLabel("for process %s[] only", s.name.Text).
		WithHelp("remove the setting, or write process %s[]", s.name.Text)
}

// warmOnce has no fix: what is meant, only its author knows.
func warmOnce(s *symbol, at *grammar.Setting) diag.Diagnostic {
	called := s.name.Text + "[]"
	if p, ok := s.decl.(*grammar.Process); ok && p.Params != nil {
		called += "(…)"
	}
	return diag.New(codeWarmOnce, diag.At(at), "%s starts once, with the pipeline, so that none of its spares would ever be used", s).
		WithLabel("for what is started later").
		WithHelp("write process %s, if it is to be started by a call; or restart on_failure, if again after a failure; or leave out start warm", called)
}

// sparesOfNone is about spares of what does not start warm; start is what it says instead, nil: nothing.
func sparesOfNone(s *symbol, at, start *grammar.Setting) diag.Diagnostic {
	d := diag.New(codeSparesOfNone, diag.At(at), "%s says how many spares it has, and has none: it does not start warm", s).
		WithLabel("of what?").
		WithHelp("write start warm beside it, or remove it")
	if start == nil {
		return d.WithFix("start warm", insert(at.Pos, "start warm; "))
	}
	return d.WithRelated(diag.At(start), "none are kept").
		WithFix("start warm", diag.Replace(start.Values[0], "warm"))
}

func slotOfNumber(s *symbol, at *grammar.Setting, without diag.Edit) diag.Diagnostic {
	return diag.New(codeUnknownSetting, diag.At(at.Key), "%s is a number, and has no setting %q", s, at.Key.Text).
		WithLabel("a number has the size that it has").
		WithHelp("remove the setting").
		WithFix("remove it", without)
}

func keyOfNoStruct(s *symbol, ref *grammar.Ref) diag.Diagnostic {
	return diag.New(codeKey, diag.At(ref), "%s holds %s, which has no fields; a key is a field of a struct", s, typeText(s.typ)).
		WithLabel("a field of what?").
		WithRelated(diag.At(s.decl.(*grammar.Typed).Type), "no struct that is declared in a .mp file").
		WithHelp("declare a struct with the field %q, and a queue of it", ref.Name.Text)
}

func keyInside(ref *grammar.Ref) diag.Diagnostic {
	return diag.New(codeKey, diag.At(ref), "the key is a part of a field, want a field of the item itself").
		WithLabel("too deep").
		WithHelp("copy it into a field of the item")
}

func keyUnknown(of *symbol, ref *grammar.Ref, near string, sure bool) diag.Diagnostic {
	d := diag.New(codeKey, diag.At(ref), "%s has no field %q", of, ref.Name.Text).
		WithLabel("no field of this name").
		WithRelated(diag.At(of.name), "the items are of this type")
	if near != "" {
		for _, f := range of.fields {
			if f.name.Text == near {
				d = d.WithRelated(diag.At(f.name), "a similar name is declared here")
			}
		}
		return meant(d, ref, ref.Name.Text, near, sure)
	}
	return d
}

func keyWithoutHash(ref *grammar.Ref, f field) diag.Diagnostic {
	return diag.New(codeKey, diag.At(ref), "field %q is %s, and only strings and types without pointers have a hash", f.name.Text, typeText(f.typ)).
		WithLabel("can't be a key").
		WithRelated(diag.At(f.at), "declared here").
		WithHelp("add a field to the struct that says the same as a string or a number")
}

func failedWithoutFlow(s *symbol, at *grammar.Setting) diag.Diagnostic {
	return diag.New(codeStageOnly, diag.At(at), "%s is in no flow, and its caller gets each error; failed is for stages", s).
		WithLabel("for stages only").
		WithHelp("remove the setting, or put it into a flow")
}

func overFootprint(at *grammar.Setting, need int64) diag.Diagnostic {
	return diag.New(codeFootprint, diag.At(at), "the pipeline takes %s of shared memory, more than it declares", inMiB(need)).
		WithLabel("declared here").
		WithHelp("mpgen check --footprint shows what takes how much")
}

func noFootprint(at *grammar.Setting, err error) diag.Diagnostic {
	return diag.New(codeFootprint, diag.At(at), "the pipeline can't be laid out: %v", err).
		WithLabel("so it has no footprint")
}

// inMiB is a size, rounded up so that what is written so is enough.
func inMiB(n int64) string { return itoa((n+mib-1)/mib) + "MiB" }
