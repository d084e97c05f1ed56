// Package explore runs the protocols of shared memory, their own code and not a
// model of it, through every interleaving of a few processes, each of which may
// be killed after any step. It needs the build tag explore, with which package
// seam hands each operation on a shared word over.
//
// # How
//
// Between two operations a process runs alone, and what it does next depends on
// nothing but what its operations returned and the plain memory that it was
// allowed to read. So its code is a machine: in a node it is about to do one
// operation; the value returned leads to the next node, with writes to plain
// memory on the way. The explorer builds these machines by running the code, as
// a coroutine, once for each edge; a node is reached again by running from the
// start with the recorded values. The search itself then walks over states
// {memory, node of each process} at some hundred nanoseconds a step and runs no
// code at all where edges are known.
//
// Two histories of a process are one node if the code says so by seam.At: the
// node is then named by the place, the call stack, the values given, and what
// the process is at (its [Context]). Plain memory may be touched only between a
// seam.Point and the next operation; everywhere else the process sees rubbish
// there, and a write is an error.
//
// # What is left out, and why nothing is lost
//
// A death is tried right after each step that had an effect: a death later, after
// mere looks, differs only in when the others get to know of it, which they may
// put off as they like. An operation on a word that no other process touches
// while this one lives is not interleaved, since it commutes with all that others
// do; which words are such is found out on the way, and the search begins again
// if it was wrong. States are told apart by 63 bits of hash; with ten million
// states two of them are taken for one with a probability of 1 in 100,000.
//
// # What is checked
//
// What the events of the harness say; that at rest every process has ended; and
// that the graph of states has no cycle: everything that a process achieves is
// part of the state, so a cycle would be processes that are busy for ever
// without achieving anything. Memory is sequentially consistent, as Go's atomic
// operations are. Sleeps have no time limit here, so a wake-up that is lost
// shows as a process at rest that has not ended.
package explore
