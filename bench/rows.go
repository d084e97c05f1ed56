package main

import (
	"github.com/mpgen/mpgen/bench/peer"
	"github.com/mpgen/mpgen/bench/pipeline/call"
	"github.com/mpgen/mpgen/bench/pipeline/crowd"
	"github.com/mpgen/mpgen/bench/pipeline/echo"
	"github.com/mpgen/mpgen/bench/pipeline/handover"
	"github.com/mpgen/mpgen/bench/pipeline/sharing"
	"github.com/mpgen/mpgen/bench/pipeline/stream"
	"github.com/mpgen/mpgen/bench/pipeline/text"
)

// rows is the whole table, in the order of the report. The number of operations
// makes a run a few tenths of a second long.
func rows(shop *workshop) []row {
	const (
		wordcount = "github.com/mpgen/mpgen/examples/wordcount"
		words     = "github.com/mpgen/mpgen/bench/words"
	)
	return []row{
		{"queue", perSecond, "a channel of 1024", 4_000_000, stream.Together, peer.Channel},
		{"queue-item", perSecond, "a channel of 1024, item by item", 4_000_000, stream.Each, peer.Channel},
		{"queue-ring", perSecond, "a bare ring, 64 items at once", 4_000_000, stream.Together, peer.RingBatch},
		{"queue-item-ring", perSecond, "a bare ring, item by item", 4_000_000, stream.Each, peer.Ring},
		{"queue-text", perSecond, "a channel of 1024, 200 bytes of text", 2_000_000, text.Together, peer.TextChannel},
		{"queue-text-owned", perSecond, "the same channel, each text made anew", 2_000_000, text.Together, peer.TextChannelOwned},
		{"queue-2p2c", perSecond, "a channel of 1024, two and two", 2_000_000, crowd.Together, peer.ChannelOfFour},
		{"queue-2p2c-item", perSecond, "a channel of 1024, two and two, item by item", 2_000_000, crowd.Each, peer.ChannelOfFour},
		{"trip-asleep", micros, "a bare futex pair", 3_000, echo.Asleep, peer.FutexPair},
		{"trip-awake", micros, "a pair of bare rings", 100_000, echo.Awake, peer.RingPair},
		{"call-rpc", micros, "go-plugin, net/rpc", 3_000, call.Echo, peer.PluginRPC},
		{"call-grpc", micros, "go-plugin, gRPC", 3_000, call.Echo, peer.PluginGRPC},
		{"call-python", micros, "Python's Pool.apply", 2_000, call.Echo, peer.PythonApply},
		{"map-python", perSecond, "Python's Pool.map, chunked by itself", 1_000_000, call.Double, peer.PythonMap},
		{"map-python-one", perSecond, "Python's Pool.map, chunks of one", 100_000, call.Double, peer.PythonMapOne},
		{"map-pond", perSecond, "pond, two goroutines", 1_000_000, call.Double, peer.PondMap},
		{"start", millis, "a bare re-exec of the same binary", 10, shop.further("ours"), shop.further("peer")},
		{"start-warm", millis, "a bare re-exec of the same binary, alone", 20, shop.further("warm"), shop.further("alone")},
		{"wordcount", millis, "four goroutines, written by hand", 1, shop.counting(wordcount), shop.counting(words)},
		{"number", nanos, "Python's Value += under its lock", 1_000_000, sharing.Add, peer.PythonAdd},
		{"number-two", nanos, "two goroutines, atomic.Add", 10_000_000, sharing.AddTwo, peer.AtomicTwo},
		{"value", nanos, "a struct under a sync.RWMutex", 3_000_000, sharing.Store, peer.RWMutexStore},
		{"lock", nanos, "a sync.Mutex", 5_000_000, sharing.Lock, peer.Mutex},
		{"lock-python", nanos, "Python's Lock", 1_000_000, sharing.Lock, peer.PythonLock},
		{"lock-two", nanos, "two goroutines, a sync.Mutex", 1_000_000, sharing.LockTwo, peer.MutexTwo},
		{"dict-python", micros, "Python's Manager().dict()", 3_000, sharing.Enter, peer.PythonDict},
		{"block-python", micros, "Python's SharedMemory of 64 MiB, by a Queue", 20_000, handover.Large, peer.PythonBlock},
		{"block-small", micros, "a block of 64 KiB, for one of 64 MiB", 40_000, handover.Large, handover.Small},
		{"idle", mebibytes, "a worker of Python's Pool", 1, sharing.Idle, peer.PythonIdle},
	}
}
