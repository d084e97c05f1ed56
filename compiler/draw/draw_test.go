package draw

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/compiler/ir"
)

func graphOf(t *testing.T, text string) *Graph {
	t.Helper()
	p, found := compiler.Lower(compiler.Input{ImportPath: "example.com/jobs/v2x", Sources: []compiler.Source{{Name: "a.mp", Text: []byte("package main\n" + text)}}})
	require.NotNil(t, p, found)
	return Of(p)
}

func TestGraphsHaveWhatAPipelineDeclares(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a stage with a queue for failures", `
import "image"
struct Job { size image.Point }
queue jobs Job { capacity 7 }
queue out  []Job
queue bad  failed[Job]
process scan(root string) { send jobs }
pool work(job Job) []Job { workers 3; task { failed bad } }
process save[2] { receive out }
process tell { receive bad; daemon }
flow jobs -> work -> out
`, `jobs: Job · 7. out: []Job · 1024. bad: failed[Job] · 1024. scan: process. work: pool · 3 workers. ` +
			`save: process · 2 instances. tell: process · daemon. ` +
			`scan sends to jobs. work receives from jobs. work sends to out. work sends what it gives up to bad. ` +
			`save receives from out. tell receives from bad.`},
		{"the program in it", `
queue in  string
queue out string
process main { send in; receive out }
pool shout(s string) string
flow in -> shout -> out
process more[](n int) { start warm }
pool twice(n int) int { workers 1; start warm; spares 2 }
`, `main: the program. in: string · 1024. out: string · 1024. shout: pool · a worker per CPU. more: process · on demand · 1 spare. twice: pool · 1 worker · 2 spares. ` +
			`shout receives from in. shout sends to out. main receives from out. main sends to in. main starts more. main calls twice.`},
		{"what processes share", `
enum Mood { good }
lock door
array cells [4]uint8 { guard door }
array sizes []float64
value n int64
value mood Mood
value names map[string][]int
service bank { func pay(n int) int }
process move[2] { use cells, door, n, names, bank, mood }
process show { read sizes, cells }
process fill { use sizes }
`, `door: lock. cells: array [4]uint8 · guard door. sizes: array []float64. n: value int64. mood: value Mood. names: value map[string][]int. bank: service · 1 worker. ` +
			`move: process · 2 instances. show: process. fill: process. ` +
			`move uses cells. move uses door. move uses n. move uses names. move calls bank. move uses mood. show reads sizes. show reads cells. fill uses sizes.`},
		{"where processes and the program meet", `
barrier evening { parties 3 }
semaphore desks { permits 2 }
event morning
process main { use evening }
process clerk[2] { use evening, desks, morning }
`, `main: the program. evening: barrier · parties 3. desks: semaphore · permits 2. morning: event. clerk: process · 2 instances. ` +
			`main uses evening. clerk uses evening. clerk uses desks. clerk uses morning.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := graphOf(t, c.text)
			require.Equal(t, "v2x", g.Name)
			require.Equal(t, c.want, g.describe())
		})
	}
}

// TestEveryKindIsDrawn holds for each row of the compiler's table of shared objects, also for those to come.
func TestEveryKindIsDrawn(t *testing.T) {
	for _, k := range compiler.Kinds() {
		g := Of(&ir.Pipeline{Package: "main", Decls: []ir.Decl{
			{Name: "it", Row: "mpIt", Object: &ir.Object{Type: k.Row, Types: []ir.Type{{Kind: ir.String}, {Kind: ir.Basic, Name: "int"}}, Fields: []ir.RowField{{Go: "Most", Count: 3}, {Go: "Slot", Size: 5}}}},
			{Name: "work", Row: "mpWork", Process: &ir.Process{Ports: ir.Ports{Uses: []string{"mpIt"}}}},
		}})
		require.Equal(t, "main", g.Name)
		require.Equal(t, "it: "+k.Keyword+" string, int · most 3. work: process. work uses it.", g.describe())
		require.Contains(t, string(g.SVG()), `<g class="shared">`)
	}
}

// awkward has names that mean something in each of the languages.
var awkward = &Graph{Name: `a "b" \ c`, Nodes: []Node{
	{ID: ProgramID, Kind: Program, Name: "main"},
	{ID: "end", Kind: Queue, Name: "end", Type: `map["\n"]*<b>#35;</b>`, Capacity: 2},
	{ID: `x"y\`, Kind: Pool, Name: `x"y\`, Workers: 2},
	{ID: "Größe_1", Kind: "value", Name: "Größe_1", Type: "int"},
}, Edges: []Edge{
	{ProgramID, "end", Send}, {"end", `x"y\`, Receive}, {`x"y\`, "end", Fail}, {ProgramID, `x"y\`, Call},
	{ProgramID, `x"y\`, Start}, {`x"y\`, "Größe_1", Use}, {"Größe_1", `x"y\`, Read},
}}

func TestDOTQuotesWhatHasAMeaning(t *testing.T) {
	require.Equal(t, `digraph "a \"b\" \\ c" {
	rankdir=LR
	node [fontname="Helvetica", fontsize=12]
	edge [color="#7b8794"]

	"main()" [label="main\nthe program", shape=box, style="rounded,filled", fillcolor="#e7edf6", color="#7f97b8"]
	"end" [label="end\nmap[\"\\n\"]*<b>#35;</b> · 2", shape=box, style=filled, fillcolor="#fff6dc", color="#cfae4e"]
	"x\"y\\" [label="x\"y\\\npool · 2 workers", shape=box, style="rounded,filled", fillcolor="#e6f3e7", color="#74a779"]
	"Größe_1" [label="Größe_1\nvalue int", shape=box, style=filled, fillcolor="#f3f5f7", color="#b3bcc6"]

	"main()" -> "end"
	"end" -> "x\"y\\"
	"x\"y\\" -> "end" [color="#cf7a6b"]
	"main()" -> "x\"y\\" [arrowhead=vee]
	"main()" -> "x\"y\\" [arrowhead=vee, style=dotted]
	"x\"y\\" -> "Größe_1" [style=dashed, color="#b3bcc6", dir=none]
	"Größe_1" -> "x\"y\\" [style=dashed, color="#b3bcc6"]
}
`, string(awkward.DOT()))
}

func TestMermaidSeesNothingButTextInLabels(t *testing.T) {
	require.Equal(t, `flowchart LR
	n1("main<br/>the program")
	n2[["end<br/>map[#34;#92;n#34;]#42;#60;b#62;#35;35#59;#60;/b#62; · 2"]]
	n3("x#34;y#92;<br/>pool · 2 workers")
	n4["Größe_1<br/>value int"]
	n1 --> n2
	n2 --> n3
	n3 -- failed --> n2
	n1 -- calls --> n3
	n1 -. starts .-> n3
	n3 -.- n4
	n4 -.-> n3
`, string(awkward.Mermaid()))
}

func TestJSONIsTheGraph(t *testing.T) {
	var back Graph
	require.NoError(t, json.Unmarshal(awkward.JSON(), &back))
	require.Equal(t, *awkward, back)
	require.JSONEq(t, `{"name": "empty", "nodes": [], "edges": []}`, string(Of(&ir.Pipeline{Package: "empty"}).JSON()))
}

func TestWidthsAreCutWhereTheyEnd(t *testing.T) {
	require.Equal(t, "string · 1024", fit("string · 1024", 11.5, &regular, 190))
	cut := fit("map[string][]imaging.Thumbnails", 11.5, &regular, 100)
	require.Regexp(t, `^map\[string\].*…$`, cut)
	require.LessOrEqual(t, width(cut, 11.5, &regular), 100)
	require.Regexp(t, `^map\[string\].*… · 1024$`, Node{Kind: Queue, Type: "map[string][]map[string]imaging.Thumbnails"}.label())
	require.Equal(t, width("処", 14, &bold), width("Ж", 14, &bold))
}
