package mp

import (
	"context"
	"errors"
	"fmt"
)

// ServiceDecl is a row for a service: an object of type S in each worker, whose
// methods are called from elsewhere, or fed by queues, or both. Within a worker
// one method runs at a time, or as many as Concurrent says.
type ServiceDecl[S any] struct {
	Name    string
	Workers int   // 0: 1
	Bytes   int64 // bytes of the largest arguments or result; 0: 64 MiB
	Warm    int   // spare processes that are kept, to take the place of workers
	Task    TaskPolicy
	Worker  Worker
	Methods []Method[S]

	Concurrent int // calls under way at once in a worker, for which its object must be safe; 0: one

	Send, Uses, Reads []Decl
	Lends             []*BlocksDecl  // whose blocks arguments of its methods carry
	Starts            []*ProcessDecl // on demand, that its workers may start; set in init

	// Open makes the object, once in each worker before its first task; its
	// context ends with the run, and when Worker.Open is over and it has not returned.
	// An object that has a method Close() error is
	// closed at the worker's end, unless that is a death.
	Open func(context.Context, *Node, *Decoder) (S, error)
}

// Method is a row for a method of a service.
type Method[S any] struct {
	Name string
	// Call decodes the arguments, calls the method, and encodes its result.
	Call func(context.Context, S, *Decoder, *Encoder) error

	fed fedMethod[S] // nil: it is no stage
}

// fedMethod is the typed part of a method that is a stage.
type fedMethod[S any] interface {
	shape(method int) inputShape
	letter(n *Node, item []byte, cause error) (key uint64, encode func(*Encoder), bad error)
	bind(object S) stage
	check() error
}

// Staged is a row for a method that is a stage of a flow, and can be called all
// the same: its argument is an item of from, its result what the sink takes. A
// zero sink drops results; a nil dead has no queue for failures. call is the
// method expression.
func Staged[S, In, Out any](name string, from *QueueDecl[In], to Sink[Out], dead *QueueDecl[Failed[In]],
	call func(S, context.Context, In) (Out, error)) Method[S] {
	m := stagedMethod[S, In, Out]{feed[In, Out]{from, to, dead}, call}
	return Method[S]{Name: name, Call: m.called, fed: m}
}

type stagedMethod[S, In, Out any] struct {
	feed[In, Out]
	call func(S, context.Context, In) (Out, error)
}

func (m stagedMethod[S, In, Out]) bind(object S) stage {
	return m.open(func(ctx context.Context, in In) (Out, error) { return m.call(object, ctx, in) })
}

func (m stagedMethod[S, In, Out]) check() error {
	if m.from == nil || m.call == nil {
		return fmt.Errorf("a stage has no queue or no method: generate its code again")
	}
	return nil
}

// called is the method when a client calls it.
func (m stagedMethod[S, In, Out]) called(ctx context.Context, object S, d *Decoder, e *Encoder) error {
	elem := Codec[Out]{}
	if m.to.queue != nil {
		elem = m.to.elem()
	}
	if err := elem.check(); err != nil { // a result that goes nowhere has no codec
		return err
	}
	in := m.from.Elem.get(d)
	if err := d.Err(); err != nil {
		return err
	}
	out, err := m.call(object, ctx, in)
	if err == nil {
		elem.put(e, out)
	}
	return err
}

func (s *ServiceDecl[S]) name() string { return s.Name }

// With gives the service its arguments; all workers get the same, each time one
// starts.
func (s *ServiceDecl[S]) With(args func(*Encoder)) Arg { return Arg{to: s, put: args} }

func (s *ServiceDecl[S]) check() error {
	if s.Open == nil {
		return fmt.Errorf("service %q has no function that opens it: generate its code again", s.Name)
	}
	for _, m := range s.Methods {
		err := error(nil)
		if m.Call == nil {
			err = fmt.Errorf("it has no function: generate its code again")
		} else if m.fed != nil && s.Concurrent > 1 {
			err = fmt.Errorf("a stage does one task at a time, and the service %d: generate its code again", s.Concurrent)
		} else if m.fed != nil {
			err = m.fed.check()
		}
		if err != nil {
			return fmt.Errorf("method %q of service %q: %w", m.Name, s.Name, err)
		}
	}
	return nil
}

func (s *ServiceDecl[S]) shape() poolShape {
	p := poolShape{workers: max(s.Workers, 1), bytes: s.Bytes, task: s.Task, worker: s.Worker, warm: s.Warm, called: true, object: true, concurrent: s.Concurrent, sends: s.Send, uses: s.Uses, reads: s.Reads, starts: s.Starts, lends: s.Lends}
	for i, m := range s.Methods {
		p.methods = append(p.methods, m.Name)
		if m.fed != nil {
			p.inputs = append(p.inputs, m.fed.shape(i))
		}
	}
	return p
}

// fed is the method of an input.
func (s *ServiceDecl[S]) fed(input int) fedMethod[S] {
	for _, m := range s.Methods {
		if m.fed == nil {
			continue
		}
		if input == 0 {
			return m.fed
		}
		input--
	}
	return nil
}

func (s *ServiceDecl[S]) letter(input int, n *Node, item []byte, cause error) (uint64, func(*Encoder), error) {
	return s.fed(input).letter(n, item, cause)
}

func (s *ServiceDecl[S]) open(ctx context.Context, n *Node, args *Decoder) (works, error) {
	object, err := s.Open(ctx, n, args)
	if err != nil {
		return nil, err
	}
	if err := args.Err(); err != nil {
		return nil, err
	}
	if any(object) == nil {
		return nil, errors.New("the function that opens it returns neither an object nor an error")
	}
	return serviceWorks[S]{s, object}, nil
}

// serviceWorks is an object and its methods.
type serviceWorks[S any] struct {
	decl   *ServiceDecl[S]
	object S
}

func (w serviceWorks[S]) call(ctx context.Context, method int, d *Decoder, e *Encoder) error {
	if err := w.decl.Methods[method].Call(ctx, w.object, d, e); err != nil {
		return err
	}
	if err := d.Err(); err != nil {
		return err
	}
	return e.err
}

func (w serviceWorks[S]) batch(context.Context, [][]byte, *lease) func(int, *Encoder) error {
	panic("mp: a service takes no batches")
}

func (w serviceWorks[S]) stage(input int) stage { return w.decl.fed(input).bind(w.object) }

func (w serviceWorks[S]) close() error {
	if c, ok := any(w.object).(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}
