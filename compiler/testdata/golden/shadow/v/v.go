// Package v has the name of a local of generated code.
package v

// E is flat.
type E struct{ X, Y int }
