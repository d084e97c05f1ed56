//go:build !linux || !(amd64 || arm64)

package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

var errUnsupported = fmt.Errorf("the process engine needs linux/amd64 or linux/arm64: %w", errors.ErrUnsupported)

// Supported says whether this system has the process engine.
const Supported = false

// House starts processes; on this system it cannot be had.
type House struct{}

// NewHouse returns an error that wraps errors.ErrUnsupported.
func NewHouse(Groups) (*House, error) { return nil, errUnsupported }

// NewGroups returns an error that wraps errors.ErrUnsupported.
func NewGroups(int) (Groups, error) { return Groups{}, errUnsupported }

// Start returns an error that wraps errors.ErrUnsupported.
func (h *House) Start(Spec) (*Process, error) { return nil, errUnsupported }

// Close does nothing.
func (h *House) Close() {}

// Process is a started process; on this system there is none.
type Process struct{}

// PID returns 0.
func (p *Process) PID() int { return 0 }

// Dead returns nil.
func (p *Process) Dead() <-chan struct{} { return nil }

// Done returns nil.
func (p *Process) Done() <-chan struct{} { return nil }

// Exit returns an Exit of unknown status.
func (p *Process) Exit() Exit { return Exit{Code: -1} }

// Kill does nothing.
func (p *Process) Kill() {}

// Exhaust does nothing.
func (p *Process) Exhaust() {}

// Hang returns an error that wraps errors.ErrUnsupported.
func (p *Process) Hang() error { return errUnsupported }

// Resume returns an error that wraps errors.ErrUnsupported.
func (p *Process) Resume() error { return errUnsupported }

// Signal returns an error that wraps errors.ErrUnsupported.
func (p *Process) Signal(syscall.Signal) error { return errUnsupported }

// LimitMemory returns an error that wraps errors.ErrUnsupported.
func (p *Process) LimitMemory(int64) error { return errUnsupported }

// Assign returns an error that wraps errors.ErrUnsupported.
func (p *Process) Assign(Spec) error { return errUnsupported }

// Standing returns nil.
func (p *Process) Standing() <-chan struct{} { return nil }

// Begun returns nil.
func (p *Process) Begun() <-chan struct{} { return nil }

// Current returns false: no process of this system is a child.
func Current() (Role, bool) { return Role{}, false }

// IsChild returns false.
func IsChild() bool { return false }

// Enter does nothing.
func (r Role) Enter() {}

// Await returns an error that wraps errors.ErrUnsupported.
func (r Role) Await() (Role, error) { return r, errUnsupported }

// Begin does nothing.
func (r Role) Begin() {}

// Files returns nil.
func (r Role) Files() []*os.File { return nil }
