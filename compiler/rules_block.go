package compiler

import (
	"slices"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
)

// Rules about blocks.
var blockRules = []rule{
	{vetted(diag.Info{Code: "MP0615", Name: "blocks-for-blocks",
		Title: "who has blocks of a memory from a queue, or a caller, makes others of the same",
		Text: "When all of the memory is in items that wait for those who make new blocks, and these wait for memory, nobody " +
			"goes on. What a stage makes takes its memory from blocks of its own; what it only changes, it changes in place and sends on. " +
			"It is no mistake where the queues together hold less than there is memory for.",
		Wrong: `package main

blocks frames { memory 64MiB }

queue raw    frames
queue shaded frames

process grab { use frames; send raw }
process show { receive shaded }

pool shade(pixels frames) frames { use frames; task { timeout 10s } }

flow raw -> shade -> shaded
`,
		Right: `package main

blocks frames { memory 64MiB }
blocks shades { memory 64MiB }

queue raw    frames
queue shaded shades

process grab { use frames; send raw }
process show { receive shaded }

pool shade(pixels frames) shades { use shades; task { timeout 10s } }

flow raw -> shade -> shaded
`}), (*unit).checkBlocksForBlocks},
}

// checkBlocksForBlocks reports circles of who holds which blocks while making which others.
func (u *unit) checkBlocksForBlocks(report func(diag.Diagnostic)) {
	type step struct {
		by, to *symbol // makes blocks of to, while it may hold others
	}
	steps := map[*symbol][]step{}
	var made []*symbol
	for _, s := range u.order {
		var held []*symbol
		for _, q := range s.named("receive") {
			held = append(held, u.carried(q.typ)...)
		}
		for _, f := range s.funcs {
			for _, p := range f.params {
				held = append(held, u.carried(p.typ)...)
			}
		}
		for _, to := range s.named("use") {
			if to.kind != "blocks" {
				continue
			}
			for _, from := range held {
				if made = append(made, from); !slices.Contains(steps[from], step{s, to}) {
					steps[from] = append(steps[from], step{s, to})
				}
			}
		}
	}
	told := map[string]bool{}
	for i, first := range made {
		if slices.Contains(made[:i], first) {
			continue
		}
		// The shortest circle, by going on from all places at once.
		var circle []step
		seen := map[*symbol]bool{}
		for paths := [][]step{nil}; len(paths) > 0 && circle == nil; paths = paths[1:] {
			at := first
			if n := len(paths[0]); n > 0 {
				at = paths[0][n-1].to
			}
			for _, s := range steps[at] {
				path := append(slices.Clip(paths[0]), s)
				if s.to == first && circle == nil {
					circle = path
				}
				if !seen[s.to] {
					seen[s.to] = true
					paths = append(paths, path)
				}
			}
		}
		if circle == nil {
			continue
		}
		at := first
		var parts []string
		for _, s := range circle {
			parts = append(parts, s.by.String()+" has blocks of "+quote(at.name.Text)+" while it makes some of "+quote(s.to.name.Text))
			at = s.to
		}
		if key := strings.Join(slices.Sorted(slices.Values(parts)), ";"); told[key] {
			continue
		} else {
			told[key] = true
		}
		d := doubt(diag.At(refTo(circle[0].by, "use", circle[0].to).ref), "when the memory is used up, nobody may go on: %s", strings.Join(parts, "; ")).
			WithLabel("waits for memory that it may itself keep").
			WithRelated(diag.At(first.name), "the blocks")
		report(d.WithHelp("declare blocks of its own for what it makes; or change the block that came in place, and send it on"))
	}
}
