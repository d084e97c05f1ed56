package mp

import "context"

// Client is the calling side of a service. Generated clients use it; its methods
// may be called from any goroutine of a process that has the service.
type Client struct{ callee }

// Client is the calling side of the service, in the program itself and in every
// process that uses it.
func (s *ServiceDecl[S]) Client(n *Node) *Client { return &Client{n.callee(s)} }

// Call calls a method by its place among the rows, in whichever worker is free,
// under the rules of [Pool.Call]. args writes the arguments, before anything else; result
// reads what the method returned.
func (c *Client) Call(ctx context.Context, method int, args func(*Encoder), result func(*Decoder)) error {
	k := &methodCall{result: result}
	k.carry.of = k
	k.pool, k.io, k.method, k.deadline, k.carried = &c.callee, k, method, deadlineOf(ctx), &k.carry
	if args != nil {
		c.encode(k.carried, args)
	}
	if c.begin(ctx, &k.task) {
		if err := c.node.bell.Wait(ctx, nil, k); err != nil {
			c.core.abandon(&k.task, ended(ctx, err))
		}
	}
	k.finish()
	return k.err
}

type methodCall struct {
	Task[struct{}]
	carry  carried
	result func(*Decoder)
}

func (k *methodCall) put(e *Encoder) {
	Put(e, uint32(k.method))
	k.carried.put(e)
}

func (k *methodCall) get(d *Decoder) error {
	k.carried.keep(d)
	return nil
}

func (k *methodCall) read(d *Decoder) error {
	if k.result != nil {
		k.result(d)
	}
	return d.Err()
}
