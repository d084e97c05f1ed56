package mp

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// crewsOf is the books of a pool whose workers have so many tasks each, and of tasks that
// are to be alone.
func crewsOf(alone int, loads ...int) *poolCore {
	p := &poolCore{plan: &poolPlan{concurrent: 8}}
	for range alone {
		p.isolated.pushBack(&task{io: nobody{}, alone: true})
	}
	for _, n := range loads {
		w := &poolWorker{ready: true}
		for range n {
			w.out.pushBack(&task{io: nobody{}})
		}
		p.workers = append(p.workers, w)
	}
	return p
}

func TestWorkerWithTheFewestTasksIsClearedForOneThatIsToBeAlone(t *testing.T) {
	p := crewsOf(2, 5, 3, 4)
	cleared := p.isolate()
	require.Same(t, p.workers[1], cleared)
	require.Same(t, p.workers[2], p.idlest(8, cleared)) // what is new goes to others

	p.workers[1].retiring = true
	require.Same(t, p.workers[2], p.isolate())
	p.workers[2].ready = false
	require.Same(t, p.workers[0], p.isolate()) // the only one is cleared, too

	for i := range 2 {
		(*p.isolated.at(i)).given = time.Now()
	}
	require.Nil(t, p.isolate()) // nobody waits for them
}

func TestOneWorkerIsLeftForNewCalls(t *testing.T) {
	isolated := func(w *poolWorker) { w.out.pushBack(&task{io: nobody{}, alone: true}) }
	p := crewsOf(3, 0, 5, 4)
	isolated(p.workers[0])
	require.Same(t, p.workers[2], p.isolate()) // nothing new waits
	p.pending.pushBack(&task{io: nobody{}})
	require.Nil(t, p.isolate())
	p.pending.popFront()

	p = crewsOf(3, 0, 5)
	isolated(p.workers[0])
	require.Nil(t, p.isolate())
	require.Same(t, p.workers[1], p.idlest(8, nil))
}
