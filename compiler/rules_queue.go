package compiler

import (
	"slices"

	"github.com/mpgen/mpgen/compiler/diag"
)

// Rules about queues and those at their ends.
var queueRules = []rule{
	{vetted(diag.Info{Code: "MP0606", Name: "bottleneck",
		Title: "a stage has a quarter of the workers of those before it and behind it, or less",
		Text: "Everything that those before it make and those behind it take goes through its few workers, so that most " +
			"of the others can only wait, if it is not much quicker than both. What it gives one by one, as the elements of a slice, " +
			"does not count, and nothing is said where a number of workers is left to the machine.",
		Wrong: `package main

queue urls  string
queue pages string
queue words string

process main { send urls }

pool fetch(url string) string { workers 8; task { timeout 10s } }
pool clean(page string) string { workers 1; task { timeout 10s } }
pool index(page string) { workers 8; task { timeout 10s } }

flow urls -> fetch -> pages -> clean -> words -> index
`,
		Right: `package main

queue urls  string
queue pages string
queue words string

process main { send urls }

pool fetch(url string) string { workers 8; task { timeout 10s } }
pool clean(page string) string { workers 8; task { timeout 10s } }
pool index(page string) { workers 8; task { timeout 10s } }

flow urls -> fetch -> pages -> clean -> words -> index
`}), (*unit).checkBottlenecks},
	{vetted(diag.Info{Code: "MP0609", Name: "daemon-receives",
		Title: "a daemon is the only reader of what others send",
		Text: "A daemon is ended when all others have ended, whatever still lies in its queues. " +
			"One that has to work off what it was sent is no daemon: it ends by itself when its queue does.",
		Wrong: `package main

queue lines string

process work  { send lines }
process write { daemon; receive lines }
`,
		Right: `package main

queue lines string

process work  { send lines }
process write { receive lines }
`}), (*unit).checkDaemonReaders},
	{vetted(diag.Info{Code: "MP0610", Name: "key-without-effect",
		Title: "a queue with a key has one reader",
		Text:  "A key shares items out among readers. One reader gets them all, key or not.",
		Wrong: `package main

struct Count { word string; n int }

queue counts Count { key word }

process count { send counts }
process add   { receive counts }
`,
		Right: `package main

struct Count { word string; n int }

queue counts Count { key word }

process count  { send counts }
process add[4] { receive counts }
`}), (*unit).checkLoneKeys},
}

func (u *unit) checkBottlenecks(report func(diag.Diagnostic)) {
	for _, s := range u.order {
		n, known := s.workers()
		if !s.serves() || !known {
			continue
		}
		for _, f := range s.funcs {
			if f.flow == nil || f.to == nil || f.each {
				continue
			}
			in, out := u.ends[f.from], u.ends[f.to]
			if len(in.consumers) > 1 || len(out.producers) > 1 {
				continue // there is a way around it
			}
			before, known := sum(in.producers)
			behind, also := sum(out.consumers)
			if !known || !also || n*few > min(before, behind) {
				continue
			}
			at := diag.At(s.name)
			if w := s.given["workers"]; w.at != nil {
				at = diag.At(w.at)
			}
			report(doubt(at, "%s of %s between %d before and %d behind: everything goes through it", counted(n, "worker"), s, before, behind).
				WithLabel("a bottleneck, if it is not much quicker than they").
				WithRelated(diag.At(in.producers[0].name), "feeds it").
				WithRelated(diag.At(out.consumers[0].name), "waits for it").
				WithHelp("give it more workers, or those fewer"))
			break
		}
	}
}

// workers is how many processes work for a declaration, if it says so.
func (s *symbol) workers() (n int64, known bool) {
	switch {
	case s.kind == "process" && s.name.Text != "main" && !s.onDemand:
		return max(s.instances, 1), true
	case s.kind == "service":
		return s.amount("workers"), true
	}
	w, ok := s.given["workers"]
	return w.n, ok
}

func sum(list []*symbol) (total int64, known bool) {
	for _, s := range list {
		n, ok := s.workers()
		if !ok {
			return 0, false
		}
		total += n
	}
	return total, true
}

func (u *unit) checkDaemonReaders(report func(diag.Diagnostic)) {
	for _, s := range u.order {
		if s.kind != "process" || !s.daemon() {
			continue
		}
		for _, r := range s.given["receive"].refs {
			e := u.ends[r.sym]
			stays := func(s *symbol) bool { return !s.daemon() }
			sender := slices.IndexFunc(e.producers, stays)
			if sender < 0 || slices.ContainsFunc(e.consumers, stays) {
				continue
			}
			report(doubt(diag.At(r.ref), "what lies in %s when all others have ended is lost, as %s is a daemon", r.sym, s).
				WithLabel("read by daemons only").
				WithRelated(diag.At(s.given["daemon"].at), "ends with the others").
				WithRelated(diag.At(e.producers[sender].name), "sends to it").
				WithHelp("leave daemon out: the queue ends when nobody is left who sends, and its reader then"))
		}
	}
}

func (u *unit) checkLoneKeys(report func(diag.Diagnostic)) {
	for _, q := range u.order {
		if q.key == nil {
			continue
		}
		e := u.ends[q]
		if len(e.consumers) != 1 {
			continue
		}
		if _, several := e.consumers[0].several(); several {
			continue
		}
		report(doubt(diag.At(q.given["key"].at), "%s has a key, and one reader that gets everything", q).
			WithLabel("shares nothing out").
			WithRelated(diag.At(e.consumers[0].name), "the reader").
			WithHelp("give it several instances, or leave key out"))
	}
}
