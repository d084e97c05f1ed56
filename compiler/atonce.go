package compiler

import "github.com/mpgen/mpgen/compiler/ir"

// Pools and services whose workers have several tasks in work at once: batches, which
// a function takes in one call, and calls that run beside each other.

// checkBatch makes the tasks of a pool with a batch the elements of what its function
// takes. It reports a function that takes no batch.
func (u *unit) checkBatch(s *symbol) {
	batch, ok := s.given["batch"]
	if !ok || s.kind != "pool" {
		return
	}
	f := s.funcs[0]
	switch {
	case len(f.params) == 0: // reported
	case len(f.params) > 1:
		u.add(batchOfSeveral(f, batch.at))
		f.in = nil
	case f.in != nil && f.in.Kind != ir.Slice:
		u.add(batchOfOne(f, batch.at))
		f.in = nil
	case f.out != nil && f.out.Kind != ir.Slice:
		u.add(batchResult(f, batch.at))
	case f.in != nil:
		f.in, f.batch = f.in.Elem, true
	}
}

// checkAtOnce reports settings for several tasks at once where they can't be, and those that don't go together.
func (u *unit) checkAtOnce(s *symbol) {
	wait, waits := s.given["wait"]
	batch, batches := s.given["batch"]
	concurrent, beside := s.given["concurrent"]
	if waits && !batches {
		u.add(waitWithoutBatch(s, wait.at, u.without(wait.at.Span)))
	}
	if batches && beside {
		u.add(batchBeside(s, batch.at, concurrent.at))
	}
	for _, f := range s.funcs {
		if f.flow == nil {
			continue
		}
		if batches {
			u.add(stageAtOnce(f, batch.at))
		} else if beside {
			u.add(stageAtOnce(f, concurrent.at))
		}
		return
	}
}

// answer is what a caller gets for a task: the result, or one of those of a batch.
func (f *function) answer() *ir.Type {
	if f.batch && f.out != nil {
		return f.out.Elem
	}
	return f.out
}
