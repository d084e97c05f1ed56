// Package block keeps blocks of bytes in shared memory: of any size, out of one
// arena, each until the last who holds it lets go of it, or has died.
//
// # The table
//
// All there is to know of a block is in its entry: a word of state, where the block
// lies, and who holds it. Free is what no entry covers; there is no other list, so
// none that a death could leave half changed. The state is {kind, owner, generation,
// changes}:
//
//	FREE      the entry is no block
//	LIVE      it is one, of this generation
//	WIPING(p) the last hold is gone, and p overwrites what was in it
//
// # Who holds a block
//
// A process, or a message: an item of a queue from before it goes in until it is
// done, under the number that package ring gives it. A process has a bit of the
// entry, at its own number; a message is in one of the words of its ring. Both are claims
// that name their owner in the step that makes them. Nothing is counted, as nobody could
// say whether the dead had counted or not.
//
// There may be many rings with many words each, most of which never lend a given entry.
// A word that was only read takes a page of memory, too. So each entry has a mask of the
// rings that have ever lent it, a bit at the ring's number modulo 64, and who looks for
// messages reads the words of these rings only. The bit is there before any word, and is
// never cleared: a word that a dead lender left between A2 and A3 is to be found later.
//
// The state counts what is added, behind each:
//
//	add   A1  of a message: set the ring's bit of the mask, if it is not there
//	      A2  set the bit, or the word
//	      A3  changes+1; LIVE and of the right generation, or what A2 did is undone
//	drop  D1  clear the bit, or the word
//	      D2  s = state; if it is LIVE, read the mask, and look whether anybody holds
//	          the block: a bit, or a word of a ring of the mask;
//	      D3  if not, s to FREE, of the next generation: the block is gone
//
// Who was there at D2 and is not seen by the look has gone meanwhile. Who adds between D2
// and D3 makes D3 fail, and looks himself when he drops; who adds later is told by A3 that
// there is no such block any more. So nobody needs a hold in order to add one; a block
// goes once, and not before its last hold; and who drops the last one frees it. D2 reads
// the mask after the state, so who adds for a ring that it does not find there has his A3
// after that, and is one of those two.
//
// # Too many messages
//
// Who finds no word of a ring free waits until one of that ring's messages is done, and
// lends nothing meanwhile: a message that was to hold several blocks holds none, until
// there is a word for each. Its own process may be at work on an item with the same block,
// and not be done with it before. That can't be what it waits for: the item is of the ring
// that it was taken from, which has words of its own. Nor can enough readers with an
// item in hand: a ring has more words than seats. So this wait is like that for a place in
// the ring, and ends as that does: whoever reads the last of a chain of rings goes
// on, hence those who send to it do, and so on up to the first. Round a circle of rings
// nobody may wait for either, and there it is an error; package mp sees to that.
//
// # Making one
//
// Only one at a time makes blocks, who has the arena's turn, a lock of package lock:
//
//	N1  find a gap in what the entries cover, and a free entry
//	N2  write into the entry where the block lies
//	N3  set the own bit
//	N4  FREE to LIVE
//
// Who finds no gap keeps the turn and waits for one, so that small blocks can't keep
// a large one waiting for ever. Who frees something wakes who waits.
//
// # A death
//
// The sweep of a dead process p goes through the entries: WIPING(p) becomes FREE; p's
// bit is dropped, in a free entry too, where p died before N4; and a block that nobody
// holds is freed, as p may have died before D3. Messages of p are the rings' to settle,
// before that: those that have gone out are not p's any more, the others are dropped.
// Then the turn is taken from p. Each step may be done again.
//
// # What is trusted
//
// The arena's size and the number of entries are private. Where a block lies is read
// once and held against them.
package block
