package main

import (
	"net"
	"sync"
)

// one is a listener with one connection in hand at a time, so that a crash costs
// one, and who is busy leaves the others to the other processes.
type one struct {
	net.Listener
	free chan struct{}
	gone chan struct{}
	once sync.Once
}

func newOne(l net.Listener) *one {
	o := &one{Listener: l, free: make(chan struct{}, 1), gone: make(chan struct{})}
	o.free <- struct{}{}
	return o
}

func (o *one) Accept() (net.Conn, error) {
	select {
	case <-o.free:
	case <-o.gone:
		return nil, net.ErrClosed
	}
	c, err := o.Listener.Accept()
	if err != nil {
		o.free <- struct{}{}
		return nil, err
	}
	return &held{Conn: c, one: o}, nil
}

func (o *one) Close() error {
	o.once.Do(func() { close(o.gone) })
	return o.Listener.Close()
}

// held is the connection in hand.
type held struct {
	net.Conn
	one  *one
	once sync.Once
}

func (h *held) Close() error {
	err := h.Conn.Close()
	h.once.Do(func() { h.one.free <- struct{}{} })
	return err
}
