package mp

import "context"

// Client is the calling side of a service. Generated clients use it; its methods
// may be called from any goroutine of a process that has the service.
type Client struct{ callee }

// Client is the calling side of the service, in the program itself and in every
// process that uses it.
func (s *ServiceDecl[S]) Client(n *Node) *Client { return &Client{n.callee(s)} }

// Call calls a method by its place among the rows, in whichever worker is free,
// under the rules of [Pool.Call]. args writes the arguments, again if the call is
// tried again; result reads what the method returned. Neither is called once
// Call has returned.
func (c *Client) Call(ctx context.Context, method int, args func(*Encoder), result func(*Decoder)) error {
	k := &methodCall{args: args, result: result}
	k.pool, k.io, k.method, k.deadline = &c.callee, k, method, deadlineOf(ctx)
	if c.begin(ctx, &k.task) {
		if err := c.node.bell.Wait(ctx, nil, k); err != nil {
			c.core.abandon(&k.task, ended(ctx, err))
		}
	}
	return k.err
}

type methodCall struct {
	Task[struct{}]
	args   func(*Encoder)
	result func(*Decoder)
}

func (k *methodCall) put(e *Encoder) {
	Put(e, uint32(k.method))
	if k.args != nil {
		k.args(e)
	}
}

func (k *methodCall) get(d *Decoder) error {
	if k.result != nil {
		k.result(d)
	}
	return d.Err()
}
