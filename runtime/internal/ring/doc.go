// Package ring is how items move between processes: two rings in shared memory,
// and the record that makes an item survive its reader.
//
// [SPSC] serves one producer process and one consumer process, and is the
// faster. [Bounded] serves any number of both, as a stage of several workers
// needs. Both keep the same promises, at every instruction:
//
//   - an item whose put has returned is not lost, whoever dies;
//   - an item whose put has not returned is either in the ring or was never there;
//   - an item is done when its reader says so; if the reader dies before, the item
//     comes again, to its successor or a peer, and no other item does;
//   - a process that is killed anywhere blocks nobody for longer than the parent
//     needs to notice it.
//
// # Bounded: slots that name their owner
//
// A ring that hands out places by counting hangs when who got a place dies
// before it fills it: nobody knows who that was. Here a place is claimed by a CAS
// that writes the claimant's number into the slot, so the claim names its owner
// in the same step. Each slot has one word of state, {lap, owner, kind}:
//
//	(lap, E)     empty, for the ticket lap*N+i
//	(lap, W, p)  p fills it
//	(lap, F)     full: that CAS was the commit of the put
//	(lap, R, p)  p copies it out
//	(lap, RET)   given back by the sweep of a dead reader
//	(lap, SKIP)  given up by the sweep of a dead producer
//
// tail and head are only hints where to look first; whoever finds one behind
// helps it on. It must help also past a slot that is a lap ahead: a producer that
// dies between its claim and the advance of the tail leaves a tail that points
// to a slot which was since emptied, and every later producer would read it for
// ever.
//
// # The seat: one item in flight
//
// A reader of a Bounded ring sits on a seat: a record for the item that it works
// on, and a cell for redelivery. So a running task never stalls the ring: its
// item lies in the record, and its slot is free for the next lap. The record has
// one control word w:
//
//	FREE
//	HELD(item, ticket)  the item of the record is being worked on; item results are out
//	NOTED(item, o, t)   as HELD, and slot t of output o is being filled with the next result
//	MOVED(item, lap)    the sweep is moving the item to the cell, at this lap
//
// and plain fields, which count only while w is not FREE. The ticket is the place
// in the ring that the item was put into first; it stays with an item that comes
// again, so two looks at w tell whether a seat has gone on to another item. The
// outputs are the rings into which the process puts, as the plan numbers them. Put
// and take go like this, p being the process:
//
//	take  T0  own cell: full, take it; held by another, wait; empty, go on
//	      T1  other cells, slots given back, the head: CAS to (R, p)
//	      T2  copy payload, attempt and source to the record
//	      T3  w = HELD, one store
//	      T4  source (lap, R, p) to (lap+1, E); only now may the task run
//	give  G1  output slot (lap, E) to (lap, W, p)
//	      G2  w = NOTED(item, t)
//	      G3  fill
//	      G4  output slot to (lap, F): the result is out
//	      G5  w = HELD(item+1), or FREE after the last, one store, before p claims
//	          another place of that output
//
// sweep(p) runs in the parent when the kernel has said that p is dead, never by
// timeout. Killed anywhere, it is begun again from the top:
//
//	S1  NOTED, and output slot t still (lap, W, p): HELD. NOTED, else: as G5
//	S2  every output slot (W, p) to SKIP
//	S3  HELD, and its source still (lap, R, p): FREE, the source keeps the item
//	S4  every input slot (R, p) to RET, every cell (R, p) to F
//	S5  HELD: fill the own cell with the item and attempt+1, w = MOVED(lap)
//	S6  the cell (lap, E) to (lap, F); failure means that it was published before
//	S7  w = FREE
//	S8  wake all, rouse every bell; the number may be used again
//
// The order is the point: a verdict is written into w before the evidence for
// it in a ring is changed. A seat's cell is filled only by its own sweep, and T0
// lets p hold something only while the cell is empty, so the sweep always finds
// room.
//
// # SPSC: one index each
//
// The producer owns tail, the consumer head and done. One store of tail
// publishes all items before it; nothing is ever half done, so there is nothing
// to repair: a successor reloads the indices. head tells the producer what
// is free and is stored once for many items; done tells a successor where to go
// on, is stored for each item, and lies in a line that nobody else reads.
//
// # When all is done
//
// Who put something in may wait until it is done ([Join]). Nothing is counted for
// that: the rings know. In an SPSC ring done has passed the tail of that moment. In
// a Bounded ring each slot has let go of the items before that tail; and then each
// seat is free, or holds another ticket than at a first look; and the hint, which
// every sweep moves before it frees a record, has not changed since, so no item was
// on its way from a record to a cell. Who finishes an item stores that first, and
// then looks whether somebody waits; who waits sets its bit first, and then looks.
// These are a store before a load on both sides, so the store of done, and of
// w = FREE, must be a full barrier, as Go's atomic stores are.
//
// # Large items
//
// What does not fit a slot lies in the ring's [Arena], in a chain of blocks that
// are stamped with a number of the message. The slot, and then the record, holds
// the descriptor only. Notes say which chain a process was building or freeing
// when it died.
//
// Items may carry blocks that lie in no ring, see package block. Such an item goes
// through the arena whatever its size: the blocks are held under the number of its
// message, and are let go of wherever the message's own chain is freed.
//
// # What is trusted
//
// Geometry comes from private memory. Each shared word is read once into a
// local and checked; payload is copied out before it is decoded; every loop over
// shared data is bounded. A process that writes nonsense damages the items of
// the rings that it is declared to use, and gets its peers [ErrCorrupt].
//
// # Waiting
//
// Each side has a bitmap of the processes that sleep ([bell.Parked]), and those
// have one that wait until all is done. Who
// commits wakes one; who takes, and sees that more is there and others sleep,
// wakes the next (the baton). A death is followed by wake-all, and by a rouse of
// every bell: the dead may have taken a sleeper's bit and not rung.
package ring
