// Package geo has types for a sample.
package geo

import "image"

// Place is flat through another package.
type Place struct {
	image.Point
	Height Metres
	grid   [2][2]int8
}

// Metres is a number.
type Metres float32

// Spot is another name of Place.
type Spot = Place

// Name is carried as text.
type Name struct{ text string }

// MarshalText returns the name.
func (n *Name) MarshalText() ([]byte, error) { return []byte(n.text), nil }

// UnmarshalText sets the name.
func (n *Name) UnmarshalText(b []byte) error {
	n.text = string(b)
	return nil
}

// Grid tells what a place lies on.
func (p Place) Grid() [2][2]int8 { return p.grid }
