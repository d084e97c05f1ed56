package mp

import (
	"fmt"
	"slices"
)

// A pipe is two queues, one each way, between exactly two processes, of which the
// program itself may be one. So it has all that queues have: an item is there
// whole or not at all, whoever dies, and each way ends with who sends on it. What
// a pipe adds is who is at which end: the first party that uses it, the program
// before all others, sends on way 0 and receives from way 1, the second one the
// other way round.

// PipeDecl is a row for a pipe.
type PipeDecl[T any] struct {
	Name     string
	Elem     Codec[T]
	Capacity int   // items each way; 0: 1024
	Slot     int   // bytes of an item in the ring; 0: 256, flat items their size
	Bytes    int64 // bytes each way of items larger than a slot; 0: 64 MiB
	Main     bool  // the program itself is at one end
}

// In is the end of the pipe in a process that declares to use it.
func (d *PipeDecl[T]) In(n *Node) *Conn[T] {
	out, in := d.way(0), d.way(1)
	if n.plan.queues[n.plan.index[out]].producers[0] != n.slot {
		out, in = in, out
	}
	return &Conn[T]{Sender: *newSender(n, out, d.Elem), Receiver: *newReceiver(n, in, d.Elem)}
}

// Conn is one end of a pipe. Any number of goroutines may use it.
//
// What one end has sent the other can receive, also after the process that sent it
// has ended. Then All ends and Receive gives [ErrClosed] if that process returned
// nil, else its error, an [*Error]; so does Send at once. A process that is started
// again after its death finds the pipe as it was, and the item comes again that it
// had received and not done.
type Conn[T any] struct {
	Sender[T]
	Receiver[T]
}

// Close says that this end sends no more: for the other one the pipe ends when it
// has received the rest. This end can go on to receive. The end of a process closes
// its ends of pipes.
func (c *Conn[T]) Close() { c.Sender.Close() }

// Len is about the number of items that wait to be received here.
func (c *Conn[T]) Len() int { return c.Receiver.Len() }

// Poll reports whether TryReceive would find an item or the end, and takes
// nothing. To wait for that use Ready, with a timer if need be.
func (c *Conn[T]) Poll() bool {
	in := c.Receiver.i
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.ended() || in.hasItem()
}

// pipeRow is what the plan needs of a pipe whatever its type.
type pipeRow interface {
	Decl
	way(end int) queueRow // on which an end sends
	main() bool           // the program is at one end
}

func (d *PipeDecl[T]) name() string         { return d.Name }
func (d *PipeDecl[T]) main() bool           { return d.Main }
func (d *PipeDecl[T]) way(end int) queueRow { return pipeWay[T]{d, end} }

// pipeWay is the row of the queue on which an end sends.
type pipeWay[T any] struct {
	pipe *PipeDecl[T]
	end  int
}

func (w pipeWay[T]) name() string { return w.pipe.Name }
func (w pipeWay[T]) kind() string { return "pipe" }
func (w pipeWay[T]) keyed() bool  { return false }

func (w pipeWay[T]) lends() []*BlocksDecl { return nil }

func (w pipeWay[T]) shape() queueShape {
	return queueShape{capacity: w.pipe.Capacity, slot: w.pipe.Slot, bytes: w.pipe.Bytes, flat: w.pipe.Elem.size()}
}

func (w pipeWay[T]) check() error {
	if err := w.pipe.Elem.check(); err != nil {
		return fmt.Errorf("pipe %q: %w", w.pipe.Name, err)
	}
	return nil
}

// attach puts the process of a party at the next end of a pipe.
func (pl *plan) attach(party int, d pipeRow) error {
	p := &pl.parties[party]
	ways := [2]int{pl.index[d.way(0)], pl.index[d.way(1)]}
	end := 0
	if len(pl.queues[ways[0]].producers) > 0 {
		end = 1
	}
	s := &pl.slots[p.first]
	if p.n != 1 || s.pool >= 0 || s.process != nil && s.process.OnDemand || len(pl.queues[ways[end]].producers) > 0 || slices.Contains(p.puts, ways[0]) {
		return fmt.Errorf("%q can't be at an end of pipe %q, which is between two processes: generate its code again", s.name, d.name())
	}
	pl.put(party, ways[end])
	pl.take(party, ways[1-end])
	return nil
}

// nameWays gives the ways of pipes their names, by who receives.
func (pl *plan) nameWays() {
	for i := range pl.queues {
		if q := &pl.queues[i]; q.row.kind() == "pipe" && len(q.consumers) > 0 {
			q.name += " to " + pl.title(q.consumers[0])
		}
	}
}
