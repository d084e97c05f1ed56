package mp

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/runtime/internal/proc"
)

// The conformance suite says what a program may rely on, engine by engine: each
// row of the table is a test, which runs on each engine. The manual has the same
// table, and TestManualHasTheTableOfEngines holds it to this one.

// promise is a row.
type promise struct {
	text string
	on   [3]string // what holds on each engine, in the order of columns
	test func(*trial)
}

var columns = [...]string{"processes", "goroutines", "inline"}

// trial is a test of one promise on one engine.
type trial struct {
	*testing.T
	engine string
	holds  string // what the table says
}

const (
	yes       = "yes"
	lastThere = "are what was there last"
	abandoned = "it is abandoned: it counts as dead, its handles refuse, and it runs on until it returns"
)

func all(says string) [3]string { return [3]string{says, says, says} }

var promises = []promise{
	{"Items arrive in the order of sending, each once", all(yes), (*trial).order},
	{"What arrives is a copy", all(yes), (*trial).copies},
	{"A full queue makes senders wait", all(yes), (*trial).full},
	{"A queue that spills keeps no sender waiting, and is full when its spill is", all(yes), (*trial).spill},
	{"A queue ends with its senders; the error of one that failed comes last", all(yes), (*trial).end},
	{"A cycle of queues ends when no work is left in it", all(yes), (*trial).cycle},
	{"The queues of a run that an error stops end with that error", all(yes), (*trial).stopped},
	{"A pipe carries items both ways, those too that were sent before an end", all(yes), (*trial).pipe},
	{"A pipe tells of the death at its other end at once", all(yes), (*trial).pipeDeath},
	{"A call returns what the function returned; errors keep their identity", all(yes), (*trial).call},
	{"A panic costs its process, and comes as `*mp.Died` with text and stack", all(yes), (*trial).panics},
	{"A process is started again as often as it says", all(yes), (*trial).restart},
	{"Processes start processes, and have handles of them", all(yes), (*trial).tree},
	{"What a process has started goes on when that returns, and is stopped when that fails or dies", all(yes), (*trial).starters},
	{"A queue ends when nobody is left who could start one that sends to it", all(yes), (*trial).gather},
	{"`mp.Self` tells which process calls it", all(yes), (*trial).self},
	{"A task is tried again after its worker's death", all(yes), (*trial).retry},
	{"A function that takes batches gets what has come; each task has its own result, or the error of all", all(yes), (*trial).batch},
	{"A task that kills its worker costs those of its batch one attempt", all(yes), (*trial).poison},
	{"A batch is cancelled when nobody waits for any of its tasks", all(yes), (*trial).batchCancelled},
	{"A worker does as many tasks at once as it may, and answers as they end", all(yes), (*trial).concurrent},
	{"One of several tasks at once is cancelled without the others", all(yes), (*trial).concurrentCancelled},
	{"A task that kills its worker costs those beside it one attempt", all(yes), (*trial).crewPoison},
	{"New calls go on while those that were with a dead worker are tried again, and keep none of them waiting for ever", all(yes), (*trial).deathAside},
	{"A worker that is ended for one task costs those beside it none", [3]string{"it is killed", abandoned, abandoned}, (*trial).crewStuck},
	{"A Map goes no further ahead than its `Ahead`", all(yes), (*trial).ahead},
	{"A worker that does not make its object in time is stopped, and another tries", all(yes), (*trial).opening},
	{"What starts warm starts when it is needed, whatever its spares do", all(yes), (*trial).warm},
	{"A stage loses and doubles nothing, whatever its workers die of", all(yes), (*trial).stage},
	{"Deadlines and cancelling reach the function's context", all(yes), (*trial).cancelled},
	{"A function that does not heed its context is ended after its grace",
		[3]string{"it is killed", abandoned, abandoned}, (*trial).stuck},
	{"`Close` returns within the grace, whatever runs", all(yes), (*trial).closes},
	{"`Shutdown` loses nothing", all(yes), (*trial).shutdown},
	{"`Wait` lets a `Send` of the program come to its end, and closes all other queues meanwhile", all(yes), (*trial).waiting},
	{"`Shutdown`, `Close` and a sender's `Close` end though the program waits for room in a queue", all(yes), (*trial).sending},
	{"A lock keeps processes apart, and waits no longer than its context", all(yes), (*trial).lock},
	{"A process that ends with a lock is told to all who lock it, until one repairs", all(yes), (*trial).left},
	{"A semaphore lets in as many as it has permits; those of a dead process come back", all(yes), (*trial).semaphore},
	{"An event wakes all who wait for it, and a dead one hinders nobody", all(yes), (*trial).event},
	{"A barrier lets its parties go on together; the death of one breaks it", all(yes), (*trial).barrier},
	{"A condition wakes as many as it is told; a dead process uses up no notification", all(yes), (*trial).condition},
	{"An rwlock lets in many readers or one writer; a death of a writer is told", all(yes), (*trial).rwlock},
	{"An rlock is taken again by its context", all(yes), (*trial).rlock},
	{"An update of a dict, list or set is done once or not at all, whoever dies", all(yes), (*trial).managed},
	{"A block goes with its item, and is freed with its last holder, whoever dies", all(yes), (*trial).blocks},
	{"A stage passes a block on, however many items of its queue carry the same", all(yes), (*trial).crowded},
	{"A call lends the blocks of its arguments, and its caller has them after it", all(yes), (*trial).lentToCalls},
	{"What a killed process has of blocks comes back at once", [3]string{yes, "when what was abandoned returns", "when what was abandoned returns"}, (*trial).orphaned},
	{"Nobody sees a value half changed", all(yes), (*trial).value},
	{"Values, arrays, dicts, lists and sets keep their contents after `Close`", all(yes), (*trial).afterwards},
	{"The bytes of a block after `Close`", [3]string{"are zeros", lastThere, lastThere}, (*trial).blocksAfterwards},
	{"Processes run at the same time", [3]string{yes, yes, "one at a time, until it waits or sleeps"}, (*trial).together},
	{"A wait costs no thread", all(yes), (*trial).threads},
	{"Package variables are each process's own", [3]string{yes, "all share them", "all share them"}, (*trial).variables},
	{"A write to an array that is declared `read` is a fault", [3]string{yes, "no", "no"}, (*trial).readOnly},
	{"`os.Exit`, a fault or a fatal error ends one process", [3]string{yes, "it ends the program", "it ends the program"}, (*trial).exit},
	{"The tasks of a Map run one after the other, in the order of the inputs", [3]string{"no", "no", yes}, (*trial).inOrder},
	{"Runs repeat exactly", [3]string{"no", "no", yes}, (*trial).repeats},
	{"Processes that all wait for each other", [3]string{"wait", "wait", "each get `*mp.Deadlock`"}, (*trial).deadlock},
	{"`start warm` keeps spare processes", [3]string{yes, "there are none", "there are none"}, (*trial).spares},
	{"`mp.Main()` is needed", [3]string{yes, "no", "no"}, (*trial).main},
	{"`worker { memory }` is a bound", [3]string{yes, "no", "no"}, (*trial).memory},
	{"`worker { env, dir, nice, cpus }` is what a process is born into", [3]string{yes, "the program's hold", "the program's hold"}, (*trial).surroundings},
}

func TestEnginesKeepTheirPromises(t *testing.T) {
	for i, engine := range columns {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && !proc.Supported {
				t.Skip("this system has no process engine")
			}
			for _, p := range promises {
				t.Run(strings.ReplaceAll(p.text, "`", ""), func(t *testing.T) {
					t.Setenv(EngineVariable, engine)
					noLeaks(t)
					t.Cleanup(unstick)
					p.test(&trial{T: t, engine: engine, holds: p.on[i]})
				})
			}
		})
	}
}

func TestUnknownEngineIsRefused(t *testing.T) {
	t.Setenv(EngineVariable, "threads")
	_, _, err := Start(context.Background(), office.pipeline, []Option{Goroutines()})
	require.EqualError(t, err, `start office.mp: MP_ENGINE names the engine "threads", want one of goroutines, inline, processes`)
}

func TestManualHasTheTableOfEngines(t *testing.T) {
	page, err := os.ReadFile("../docs/runtime.md")
	require.NoError(t, err)
	table := "| | " + strings.Join(columns[:], " | ") + " |\n|---" + strings.Repeat("|---", len(columns)) + "|\n"
	for _, p := range promises {
		table += "| " + p.text + " | " + strings.Join(p.on[:], " | ") + " |\n"
	}
	require.Contains(t, string(page), table)
}

// start starts a pipeline on the trial's engine.
func (t *trial) start(p *Pipeline, args ...Arg) (*Run, *Node) {
	t.Helper()
	r, n, err := Start(context.Background(), p, []Option{NoSignals()}, args...)
	require.NoError(t, err)
	t.Cleanup(func() {
		r.Close()
		require.Zero(t, r.Stats().Rescued, "wake-ups that got lost")
	})
	return r, n
}

// memberOf is a process by its name.
func (r *Run) memberOf(name string, index int) *member {
	for _, m := range r.members {
		if m.slot.name == name && m.slot.index == index {
			return m
		}
	}
	panic("no process " + name)
}

// slay kills a process on any engine, as soon as it is known: what it does may be seen
// before its supervisor has noted that it is there. It does nothing to one that has ended.
func slay(t testing.TB, m *member) {
	t.Helper()
	until(t, "its process is known", func() bool {
		m.run.mu.Lock()
		p, over := m.proc, m.finished
		m.run.mu.Unlock()
		if p != nil {
			p.Kill()
		}
		return p != nil || over
	})
}
