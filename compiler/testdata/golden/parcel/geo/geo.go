// Package geo has types for a sample.
package geo

import (
	"crypto/sha256"
	"image"
	"image/color"
	"time"
)

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

// Way has exported fields only, so it travels field by field.
type Way struct {
	Leg
	Label, Note string
	At          time.Time
	Shade       color.RGBA
	Next        *Way
	Legs        []Leg
	Codes       [0x2][]byte
	ByName      map[string][]Spot
	Titles      [2]Title
	Sum         [size * 2][]byte
	Hash        [sha256.Size]byte
	Road        Road
	Tree        Tree
}

const size = 1 << 1

// Road is a string of another name.
type Road string

// Roads are a list of another name.
type Roads []Road

// Route is another list of another name.
type Route Roads

// Tree holds trees.
type Tree map[Road]Tree

// Marks are an array of another name.
type Marks [size]Road

// Blob is bytes of another name.
type Blob []byte

// Link is a pointer of another name.
type Link *Way

// Short is another struct of the fields of Leg.
type Short Leg

// Title is another name of a type that is carried as text.
type Title = Name

// Leg is a part of a way.
type Leg struct {
	From, To Place
	Via      []string
}
