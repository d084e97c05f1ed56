package mp

import (
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"unsafe"

	"github.com/mpgen/mpgen/runtime/internal/bell"
	"github.com/mpgen/mpgen/runtime/internal/control"
	"github.com/mpgen/mpgen/runtime/internal/line"
	"github.com/mpgen/mpgen/runtime/internal/ring"
)

// Where everything lies. The control file has the words that only the parent
// writes, the file of bells one for each slot; the commons have the shared objects
// and behind them the rings, each from a page of its own; a pair file, one for each
// process, has its report, the lines between it and its parent, and those for its
// calls to pools and managed objects, and for the processes that it starts.

// Sizes where a row gives none.
const (
	defaultCapacity = 1024     // items of a queue
	defaultSlot     = 256      // bytes of an item that lies in its slot
	defaultBytes    = 64 << 20 // bytes of larger items, of a task, and of a result
)

const (
	inlineMax = 4096      // a flat item up to this many bytes lies in its slot as it is
	callLine  = 256 << 10 // bytes of each line of a worker that is called
	plainLine = 16 << 10  // of each line of another process
)

// messageOverhead is what a message on a line has beside the item: deadline,
// attempt, error.
const messageOverhead = 1 << 16

var pageSize = os.Getpagesize()

func alignUp(n, align int) int { return (n + align - 1) &^ (align - 1) }

// lay gives everything its place.
func (pl *plan) lay() {
	pl.layShared()
	at := pl.sharedSize
	for i := range pl.parts {
		part := &pl.parts[i]
		q := &pl.queues[part.queue]
		s := q.row.shape()
		if s.capacity == 0 {
			s.capacity = defaultCapacity
		}
		if s.slot == 0 {
			s.slot = defaultSlot
		}
		if s.bytes == 0 {
			s.bytes = defaultBytes
		}
		g := ring.Geometry{Capacity: s.capacity, Slots: len(pl.slots), Seats: len(part.seats), Lends: part.lends}
		if q.flat = s.flat >= 0 && s.flat <= inlineMax; q.flat {
			g.Payload = max(s.flat, 8)
		} else {
			g.Payload = max(s.slot+ring.HeadSize, ring.MinPayload)
			g.Blocks = int((s.bytes + s.spill + ring.BlockSize - 1) / ring.BlockSize)
		}
		g = g.Round()
		part.capacity, part.geometry, part.offset = g.Capacity, g.Spill(s.spill).Round(), at
		at += alignUp(part.size(), pageSize)
	}
	pl.commonsSize = max(at, pageSize)
	pl.footprint = 0
	for _, size := range pl.fileSizes() {
		pl.footprint += int64(size)
	}
	for i := 1; i < len(pl.slots); i++ {
		pl.footprint += int64(alignUp(pl.pairSize(i), pageSize))
	}
}

// fileSizes are the bytes of the memory files that a run has one of, in whole pages.
func (pl *plan) fileSizes() (sizes [3]int) {
	sizes[fileControl] = alignUp(control.Size(len(pl.slots), pl.spares, len(pl.parts), pl.rows(), len(pl.told)), pageSize)
	sizes[fileBells] = alignUp(len(pl.slots)*bell.WordSize, pageSize)
	sizes[fileCommons] = alignUp(pl.commonsSize, pageSize)
	return sizes
}

// reserved is the number of bytes at the start of the part's ring for which there
// must be memory before the run begins. What spills, and larger items, take theirs
// when they come: they are bounded, counted, and mostly never there.
func (p *partPlan) reserved() int {
	if p.geometry.Capacity == p.capacity {
		return p.size() - p.geometry.Blocks*ring.BlockSize
	}
	within := *p
	within.geometry.Blocks, within.geometry.Capacity = 0, p.capacity
	return within.size()
}

// size is the number of bytes of the part's ring.
func (p *partPlan) size() int {
	if p.spsc {
		return ring.SPSCSize(p.geometry)
	}
	return ring.BoundedSize(p.geometry)
}

// lineSize is the capacity of the lines of a slot.
func (pl *plan) lineSize(slot int) int {
	if i := pl.slots[slot].pool; i >= 0 && pl.pools[i].called {
		return callLine
	}
	return plainLine
}

// lineAt is where a slot's lines lie in its pair file: down to the process, up
// to the parent.
func (pl *plan) lineAt(slot int) (down, up int) {
	down = pl.reportSize(slot)
	return down, down + line.Size(pl.lineSize(slot), len(pl.slots))
}

// farAt is where the lines for a slot's calls to pools lie, and for the answers.
func (pl *plan) farAt(slot int) (calls, answers int) {
	calls = pl.reportSize(slot) + 2*line.Size(pl.lineSize(slot), len(pl.slots))
	return calls, calls + line.Size(farLine, len(pl.slots))
}

func (pl *plan) pairSize(slot int) int {
	end, _ := pl.farAt(slot)
	if pl.callsOut(slot) {
		end += 2 * line.Size(farLine, len(pl.slots))
	}
	return end
}

// callsOut reports whether a slot has lines for calls.
func (pl *plan) callsOut(slot int) bool {
	p := &pl.parties[pl.slots[slot].party]
	return len(p.calls) > 0 || len(p.starts) > 0 || len(pl.managed(slot)) > 0
}

// maxCall is the most bytes of a call that a slot makes, and of its answer.
func (pl *plan) maxCall(slot int) (most int) {
	for _, i := range pl.parties[pl.slots[slot].party].calls {
		most = max(most, pl.pools[i].bytes)
	}
	if len(pl.managed(slot)) > 0 {
		most = max(most, managedMax)
	}
	if len(pl.parties[pl.slots[slot].party].starts) > 0 {
		most = max(most, maxErrorSize) // of a process that has ended
	}
	return most + callHead + messageOverhead
}

// reportSize is the bytes of a slot's report, and of the counts of each method and
// the posts behind it.
func (pl *plan) reportSize(slot int) int {
	return pl.postsAt(slot) + pl.furtherPosts(slot)*control.PostSize
}

// postsAt is where the posts beside the first lie.
func (pl *plan) postsAt(slot int) int {
	size := control.ReportSize
	if i := pl.slots[slot].pool; i >= 0 {
		size += len(pl.pools[i].methods) * control.CountsSize
	}
	return size
}

// countsAt is the counts of the methods of a slot whose pair lies at pair.
func (pl *plan) countsAt(slot int, pair unsafe.Pointer) []control.Counts {
	i := pl.slots[slot].pool
	if i < 0 || len(pl.pools[i].methods) == 0 {
		return nil
	}
	return unsafe.Slice((*control.Counts)(unsafe.Add(pair, control.ReportSize)), len(pl.pools[i].methods))
}

// maxMessage is the most bytes of a message on a slot's lines.
func (pl *plan) maxMessage(slot int) int {
	if i := pl.slots[slot].pool; i >= 0 {
		return pl.pools[i].bytes + messageOverhead
	}
	return defaultBytes
}

// rows is the number of rows of the table for viewers.
func (pl *plan) rows() int {
	return len(pl.slots) + len(pl.parts) + len(pl.shared)
}

// hash tells plans apart.
func (pl *plan) hash() uint64 {
	h := fnv.New64a()
	io.WriteString(h, pl.pipeline.Path)
	for _, p := range pl.parties {
		s := pl.slots[p.first]
		fmt.Fprintln(h, s.name, s.pool, p.first, p.n, p.warm, p.takes, p.puts, p.starts)
	}
	for _, q := range pl.queues {
		fmt.Fprintln(h, q.name, q.flat, q.first, q.n)
	}
	for _, p := range pl.parts {
		fmt.Fprintln(h, p.offset, p.geometry, p.spsc)
	}
	for _, s := range pl.shared {
		fmt.Fprintln(h, s.row.name(), s.place.kind, s.place.size, s.place.stride, s.offset)
	}
	fmt.Fprintln(h, pl.commonsSize)
	return h.Sum64()
}

// describe writes the table for viewers.
func (pl *plan) describe(rows []control.Row) {
	add := func(row control.Row, name string) {
		row.Version = 1
		copy(row.Name[:], name)
		rows[0], rows = row, rows[1:]
	}
	for i, s := range pl.slots {
		kind := uint16(control.KindProcess)
		if s.pool >= 0 {
			kind = control.KindPool
		}
		add(control.Row{Kind: kind, File: filePair, Owner: uint16(i), Size: uint64(pl.reportSize(i))}, s.name)
	}
	for i := range pl.parts {
		p := &pl.parts[i]
		row := control.Row{Kind: control.KindBounded, File: fileCommons, Owner: control.NoOwner, Offset: uint64(p.offset),
			Size: uint64(p.size()), Stride: uint64(p.geometry.Payload)}
		if p.spsc {
			row.Kind = control.KindSPSC
		}
		add(row, pl.queues[p.queue].name)
	}
	pl.describeShared(add)
}
