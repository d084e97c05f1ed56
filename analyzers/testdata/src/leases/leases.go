package leases

import (
	"bytes"
	"context"

	mp "github.com/mpgen/mpgen/runtime"
)

var last mp.Block

type screen struct{ pix []byte }

func show(ctx context.Context, p *ShowPorts) error {
	var all [][]byte
	var flat []byte
	var text string
	var numbers []int
	kept := map[int]mp.Block{}
	s := &screen{}
	c := make(chan []byte)
	for b, err := range p.Blocks.All(ctx) {
		if err != nil {
			return err
		}
		pix := b.Bytes()
		all = append(all, pix)      // want `what is lent here ends with the turn of its loop, and is kept in all: call Keep, or take a Copy`
		all = append(all, pix[1:])  // want `is kept in all`
		all = append(all, b.Copy()) // a copy
		all = append(all, bytes.Clone(pix))
		flat = append(flat, pix...) // a copy, too
		text = string(pix)
		s.pix = pix // want `is kept in s`
		last = b    // want `is kept in last`
		c <- pix    // want `is sent to a channel`
		go use(pix) // want `is used by a goroutine`
		use(pix)
		local := [][]byte{pix}
		_ = local
	}
	for f, err := range p.Frames.All(ctx) {
		if err != nil {
			return err
		}
		numbers = append(numbers, f.Number)
		kept[f.Number] = f.Pix // want `is kept in kept`
	}
	for f := range p.Frames.All(ctx) {
		f.Pix.Keep()
		kept[f.Number] = f.Pix
	}
	_, _, _, _ = all, flat, text, numbers
	return nil
}

// A handler's are lent for its call.
func blur(ctx context.Context, f Frame) (Frame, error) {
	last = f.Pix // want `what is lent here ends with the call that got it, and is kept in last`
	mine := f.Pix.Bytes()
	use(mine)
	return f, nil
}

func use([]byte) {}
