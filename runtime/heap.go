package mp

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// heapSlack is how much a process of a run allocates at least between two
// collections. Go's own least heap is 4 MiB, and a pipeline has many processes
// with hardly anything alive: a reader of small items would spend half of its
// time on collecting next to nothing. An idle process takes none of it, and
// GOMEMLIMIT, which the setting memory sets, goes before it.
const heapSlack = 16 << 20

// tuneHeap keeps to heapSlack from now on, unless the environment has a GOGC. It
// is called once, in a process that has nothing else of its own to tune.
func tuneHeap() {
	if os.Getenv("GOGC") != "" {
		return
	}
	percent := gcPercent(0)
	debug.SetGCPercent(percent)
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var atCollection func()
	atCollection = func() {
		metrics.Read(live)
		if live[0].Value.Kind() == metrics.KindUint64 {
			if want := gcPercent(live[0].Value.Uint64()); want < percent*9/10 || want > percent*10/9 {
				percent = want // stops the world, so only for a difference that counts
				debug.SetGCPercent(want)
			}
		}
		onCollection(atCollection)
	}
	onCollection(atCollection)
}

// onCollection calls f after the next collection, on a goroutine of the runtime's.
func onCollection(f func()) {
	runtime.AddCleanup(new([16]byte), func(f func()) { f() }, f)
}

// gcPercent is the GOGC that leaves heapSlack above live bytes. It is between
// Go's own 100 and what makes the least heap of 4 MiB as large.
func gcPercent(live uint64) int {
	const most = 100 * heapSlack / (4 << 20)
	if live == 0 {
		return most
	}
	return int(min(max(100*heapSlack/live, 100), most))
}
