package mp

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

// Identity is which process of a run something is.
type Identity struct {
	Name   string // of the process, pool or service, as in the .mp file; "main" is the program itself
	Index  int    // which instance or worker, from 0; of a process on demand its number, from 1
	PID    int    // of the operating-system process
	Parent int    // PID of the program that has the run, which is PID too where processes are goroutines; 0 in the program itself

	title string
}

// String is what the process is called in logs, dumps and by the system: "scan",
// "life[3]", "greet-2", "resize[0]".
func (i Identity) String() string { return i.title }

// Self says which process of a run calls it. ctx is the context that the process's
// function, or a task, was given, or one made of it: where processes are goroutines
// nothing else tells them apart, and by another context a process is taken for the
// program.
func Self(ctx context.Context) Identity {
	if i, ok := ctx.Value(selfKey{}).(*Identity); ok {
		return *i
	}
	if i := self.Load(); i != nil {
		return *i
	}
	return Identity{Name: "main", PID: os.Getpid(), title: "main"}
}

type selfKey struct{}

// self is who this process of the system is, nil: the program.
var self atomic.Pointer[Identity]

// identityOf is who has a slot, and is called so.
func identityOf(s *slotPlan, title string, parent int) *Identity {
	i := &Identity{Name: s.name, Index: s.index, PID: os.Getpid(), Parent: parent, title: title}
	if s.process != nil && s.process.OnDemand {
		i.Index, _ = strconv.Atoi(strings.TrimPrefix(title, s.name+"-"))
	}
	return i
}
