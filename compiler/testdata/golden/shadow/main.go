// Package main is a sample for the tests of the compiler.
package main

import (
	c "context"
	"log"
	t "time"

	mp "github.com/mpgen/mpgen/runtime"
)

// time and err are the package's own; so generated code calls the package time otherwise.
func time() t.Time { return t.Now() }

var err = log.Println

func ctx(ctx c.Context, p *CtxPorts, s string, i int, n string, d t.Duration) error {
	log.Println(s, i, n, d, time())
	return p.Wrong.Send(ctx, nil)
}
func n(c.Context, *NPorts, Err) error                 { return nil }
func e(c.Context, *EPorts) error                      { return nil }
func in(c.Context, string) error                      { return nil }
func r(c.Context, string) (string, error)             { return "", nil }
func x(c.Context, [2]string) (out [3]string, _ error) { return out, nil }
func args(c.Context, string, []string, int) error     { return nil }
func opts(c.Context) error                            { return nil }

func mpeg(c.Context, *MpegPorts, string, int, []string, int, float64, bool) error { return nil }
func p(_ c.Context, ports *PPorts, p int) error                                   { return nil }
func task(c.Context, string, int) (string, error)                                 { return "", nil }
func nn(_ c.Context, p *NnPorts, _, _ int, _ string) (out [2]string, _ error)     { return out, nil }
func context_(c.Context, *Context_Ports, string) error                            { return nil }
func openS(c.Context, *SPorts, int, string) (S, error)                            { return nil, nil }
func openT(c.Context) (T, error)                                                  { return nil, nil }

func main() {
	mp.Main()
	_, fail := Start(c.Background(), Args{})
	err(fail)
}
