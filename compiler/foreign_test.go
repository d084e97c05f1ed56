package compiler

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mpgen/mpgen/compiler/diag"
)

// TestTypesThatRelyOnOneThatStaysAreRefused has a type that can travel but for what it
// holds, which is found out in the middle of that.
func TestTypesThatRelyOnOneThatStaysAreRefused(t *testing.T) {
	in := exampleInput(t, diag.Files(`-- p.mp --
package main

import "example.com/example/tree"

pool grow(t tree.Root)
pool cut(b tree.Branch)
pool weigh(f tree.Fruit) tree.Basket
-- go.mod --
module example.com/example
-- tree/tree.go --
package tree

type Root struct {
	Branches []Branch
	depth    *int
}

type Branch struct {
	Of    *Root
	Fruit Fruit
}

type Fruit map[string]Seeds

type Seeds []*Fruit

type Basket struct {
	Fruit
	Seeds Seeds
	Label string
}
`))
	const no = "it holds pointers, and has neither MarshalBinary and UnmarshalBinary nor MarshalText and UnmarshalText, and can't go field by field: "
	require.Equal(t, []string{
		"values of type tree.Root can't be sent: " + no + "depth: it is not exported",
		"values of type tree.Branch can't be sent: " + no + "Of.depth: it is not exported",
	}, messagesOf(in))
}

// TestTypesThatGoRefusesAreRefused has declarations that do not end.
func TestTypesThatGoRefusesAreRefused(t *testing.T) {
	in := exampleInput(t, diag.Files(`-- p.mp --
package main

import "example.com/example/odd"

pool a(x odd.A) odd.List
pool c(x odd.C) odd.D
pool e(x odd.E) odd.Far
-- go.mod --
module example.com/example
-- odd/odd.go --
package odd

type A = B
type B = A
type List = []List
type C D
type D C
type E struct { E; S string }
type Far = struct { S []Far }
`))
	require.NotEmpty(t, messagesOf(in))
}

func messagesOf(in Input) []string {
	var list []string
	for _, d := range Check(in) {
		list = append(list, d.Message)
	}
	return list
}
