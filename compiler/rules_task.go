package compiler

import "github.com/mpgen/mpgen/compiler/diag"

// Rules about tasks: what a death, a hang or a retry does to them.
var taskRules = []rule{
	{vetted(diag.Info{Code: "MP0601", Name: "retry-not-idempotent",
		Title: "a task may be done twice, and nothing says that this is harmless",
		Text: "A task is tried again when its worker died or its time was up. What it did outside before, a file " +
			"written or a mail sent, stays done and is done again. Where a task that is done twice does no more than one " +
			"that is done once, say so with idempotent; else leave retries out.",
		Wrong: `package main

pool fetch(url string) string { task { timeout 10s; retries 2 } }
`,
		Right: `package main

// fetch only gets, and changes nothing.
pool fetch(url string) string { task { timeout 10s; retries 2; idempotent } }
`}), (*unit).checkRetriedTasks},
	{vetted(diag.Info{Code: "MP0602", Name: "retry-sends",
		Title: "a task that is tried again sends its items again",
		Text: "What a function sends itself leaves at once, and stays in the queue when its worker dies; the next attempt " +
			"sends it again. What it returns to a queue of its flow is sent once, whatever its worker dies of.",
		Wrong: `package main

queue parts string

process main { receive parts }

pool split(text string) { send parts; task { timeout 1s; retries 1; idempotent } }
`,
		Right: `package main

queue texts string
queue parts string

process main { send texts; receive parts }

pool split(text string) []string { task { timeout 1s; retries 1; idempotent; failed skip } }

flow texts -> split -> parts
`}), (*unit).checkRetriedSends},
	{vetted(diag.Info{Code: "MP0603", Name: "retry-then-stop",
		Title: "a stage tries a task again, and then one bad item ends the run",
		Text: "Who asks for retries expects tasks that fail; without a word about failed, the first one that fails each time " +
			"ends the run with its error. A queue of failed items keeps them for a look, skip counts and drops them, and stop says " +
			"that it is meant.",
		Wrong: `package main

queue urls  string
queue pages string

process main { send urls; receive pages }

pool fetch(url string) string { task { timeout 10s; retries 2; idempotent } }

flow urls -> fetch -> pages
`,
		Right: `package main

queue urls   string
queue pages  string
queue broken failed[string]

process main { send urls; receive pages, broken }

pool fetch(url string) string { task { timeout 10s; retries 2; idempotent; failed broken } }

flow urls -> fetch -> pages
`}), (*unit).checkRetriedStages},
	{vetted(diag.Info{Code: "MP0604", Name: "no-timeout",
		Title: "a pool, or a service in a flow, has no timeout",
		Text: "A task that hangs holds its worker for ever, and in a flow nobody else could end it: the callers of a pool can " +
			"give it a deadline, a queue can't.",
		Wrong: `package main

pool least(n int) int
`,
		Right: `package main

pool least(n int) int { task { timeout 1s } }
`}), (*unit).checkEndlessTasks},
	{vetted(diag.Info{Code: "MP0605", Name: "grace-over-timeout",
		Title: "a hanging task is given four times as long to stop as to work, or more",
		Text: "At its timeout a task's context ends; a worker whose function does not return within its grace, 2 s if nothing is " +
			"said, is killed. So a task that hangs costs timeout and grace, however short the timeout.",
		Wrong: `package main

pool least(n int) int { task { timeout 100ms } }
`,
		Right: `package main

pool least(n int) int { task { timeout 100ms }; worker { grace 50ms } }
`}), (*unit).checkLongGraces},
}

// retries is the setting of a declaration that may try its tasks again.
func (s *symbol) retries() (set, bool) {
	r := s.given["task.retries"]
	return r, s.serves() && r.n > 0
}

func (u *unit) checkRetriedTasks(report func(diag.Diagnostic)) {
	for _, s := range u.order {
		if r, ok := s.retries(); ok && !s.says("task.idempotent") {
			report(doubt(diag.At(r.at), "a task of %s may be done %d times, and nothing says that this is harmless", s, r.n+1).
				WithLabel("after a death or a timeout").
				WithHelp("write idempotent beside it if a task done twice does no more than one done once; else leave retries out"))
		}
	}
}

func (u *unit) checkRetriedSends(report func(diag.Diagnostic)) {
	for _, s := range u.order {
		r, ok := s.retries()
		if !ok || len(s.given["send"].refs) == 0 {
			continue
		}
		q := s.given["send"].refs[0]
		report(doubt(diag.At(q.ref), "a task of %s that is tried again sends to %s again", s, q.sym).
			WithLabel("what is sent stays sent").
			WithRelated(diag.At(r.at), "tried again").
			WithHelp("make it a stage of a flow that returns the items, which sends each once; or leave retries out"))
	}
}

func (u *unit) checkRetriedStages(report func(diag.Diagnostic)) {
	for _, s := range u.order {
		if r, ok := s.retries(); ok && s.stage() && !s.says("task.failed") {
			report(doubt(diag.At(r.at), "an item at which %s fails %d times ends the whole run", s, r.n+1).
				WithLabel("and then failed stop, as nothing else is said").
				WithHelp("write failed and a queue for such items, or failed skip; or failed stop, if it is meant"))
		}
	}
}

func (u *unit) checkEndlessTasks(report func(diag.Diagnostic)) {
	for _, s := range u.order {
		if (s.kind == "pool" || s.kind == "service" && s.stage()) && !s.says("task.timeout") {
			report(doubt(diag.At(s.name), "a task of %s may take for ever", s).
				WithLabel("no timeout").
				WithHelp("write task { timeout 1m }, or how long one may take at most"))
		}
	}
}

// few is how many times more is much more.
const few = 4

func (u *unit) checkLongGraces(report func(diag.Diagnostic)) {
	for _, s := range u.order {
		t, grace := s.given["task.timeout"], s.amount("worker.grace")
		if !s.serves() || t.n == 0 || grace < few*t.n {
			continue
		}
		report(doubt(diag.At(t.at), "a task of %s that hangs takes its worker for %s, not for %s", s,
			durationText(t.n+grace), durationText(t.n)).
			WithLabel("and %s of grace before it is killed", durationText(grace)).
			WithHelp("write worker { grace %s } or less: the time that its function needs to return when its context has ended", durationText(t.n)))
	}
}

// says says whether a declaration has a setting.
func (s *symbol) says(path string) bool {
	_, ok := s.given[path]
	return ok
}
