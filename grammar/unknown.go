package grammar

import (
	"fmt"
	"slices"
	"strings"
)

// elsewhere are words that start declarations in other languages, and what does the same here. The first word of it, if
// it is a keyword, is what to write.
var elsewhere = map[string]string{
	"chan":    `queue NAME TYPE, which processes send to and receive from`,
	"func":    `pool NAME(n int) int or process NAME for a function that is to run in a process of its own; the function itself stands in a .go file`,
	"type":    `struct NAME { … } or enum NAME { … }; other Go types stand in a .go file`,
	"var":     `value NAME TYPE for what processes share; other variables stand in a .go file`,
	"const":   `constants into a .go file of the folder`,
	"channel": "queue NAME TYPE", "topic": "queue NAME TYPE", "stream": "queue NAME TYPE", "buffer": "queue NAME TYPE", "fifo": "queue NAME TYPE",
	"class": "struct NAME { … }, or service NAME { … } for an object with state", "message": "struct NAME { … }", "record": "struct NAME { … }",
	"object": "struct NAME { … }, or service NAME { … } for an object with state", "interface": "service NAME { … }", "actor": "service NAME { … }",
	"mutex": "lock NAME", "shared": "value NAME TYPE", "atomic": "value NAME TYPE", "counter": "value NAME int64", "let": "value NAME TYPE",
	"thread": "process NAME", "goroutine": "process NAME", "go": "process NAME", "worker": "pool NAME(n int) int", "workers": "pool NAME(n int) int",
	"task": "pool NAME(n int) int", "stage": "pool NAME(n int) int", "pipeline": "flow QUEUE -> POOL -> QUEUE", "def": "pool NAME(n int) int or process NAME",
	"fn": "pool NAME(n int) int or process NAME", "function": "pool NAME(n int) int or process NAME", "include": `import "PATH"`, "use": `import "PATH"`,
	"using": `import "PATH"`, "namespace": "package NAME", "module": "package NAME",
	"arena": "blocks NAME { memory 256MiB }", "memory": "blocks NAME { memory 256MiB }", "block": "blocks NAME { memory 256MiB }",
}

// modifiers stand before a declaration in other languages.
const modifiers = " export public pub private static async extern global local default shared final abstract "

// unknown reports a line of the top level that starts with no keyword of the language.
func (p *parser) unknown(i int) {
	t := p.toks[i]
	next := p.toks[p.visible(min(i+1, len(p.toks)-1))]
	e := Error{Span: p.span(i), Code: Unexpected, Msg: p.found(i) + ", want a declaration"}
	if t.Type == tokIdent || t.Type == tokKeyword {
		e.Code, e.Msg = UnknownDecl, fmt.Sprintf("%q starts no declaration", t.Value)
	}
	near, sure := Nearest(t.Value, declWords)
	switch {
	case e.Code != UnknownDecl:
	case isKeyword(next.Value) && strings.Contains(modifiers, " "+t.Value+" "):
		e.Help = "declarations have no modifiers; remove it"
		e.Fixes = []Fix{{fmt.Sprintf("remove %q", t.Value), []Edit{{Span{t.Pos, next.Pos}, ""}}}}
	case t.Value == "type" && p.toks[p.visible(p.visible(i+1)+1)].Value == "struct":
		e.Help = fmt.Sprintf("write struct %s { … }", next.Value)
		to := p.toks[p.visible(p.visible(i+1)+1)]
		e.Fixes = []Fix{{fmt.Sprintf("write \"struct %s\"", next.Value), []Edit{{Span{t.Pos, after(to)}, "struct " + next.Value}}}}
	case elsewhere[t.Value] != "" && next.Type != tokNumber:
		e.Help = "write " + elsewhere[t.Value]
		if next.Type == tokIdent {
			e.Help = strings.ReplaceAll(e.Help, "NAME", next.Value)
		}
	case t.Value == "map" && next.Type == tokIdent:
		e.Help = fmt.Sprintf("write dict %s map[K]V for a map that processes share, and value %[1]s map[K]V for one that is stored and loaded as a whole", next.Value)
	case next.Type == tokNumber:
		e.Help = "settings stand in the braces of a declaration, as in pool NAME(n int) int { workers 4 }"
	case t.Type == tokKeyword:
		e.Help = "Go code stands in a .go file of the same folder"
	case near != "":
		e.Help = fmt.Sprintf("did you mean %q?", near)
		if sure || strings.HasPrefix(near, t.Value) {
			e.Fixes = []Fix{change(p.span(i), t.Value, near)}
		}
	case !slices.ContainsFunc(p.errs, func(e Error) bool { return e.Code == UnknownDecl }):
		e.Help = "a declaration starts with one of " + Declarations()
	}
	p.report(e)
}

// declares reports whether a line of the top level that starts with no keyword was meant to declare something.
func (p *parser) declares(i int) bool {
	t := p.toks[i]
	meant, _ := Nearest(t.Value, declWords)
	return t.Type == tokKeyword || t.Type == tokIdent && meant != "import" && meant != "package"
}

// Declarations lists the words that a declaration can start with, but for sandbox, which is not compiled yet.
func Declarations() string {
	return strings.TrimSuffix(strings.Join(strings.Fields(keywords), ", "), ", sandbox")
}

// declWords are the words that a line of the top level can start with.
var declWords = strings.Fields(keywords + "import package")
