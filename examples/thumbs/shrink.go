package main

import (
	"image"
	"image/color"
)

// shrink is a picture in at most size, with its proportions; one that fits stays
// as it is. Each pixel is the mean of those that it stands for (a box filter).
func shrink(from image.Image, size image.Point) image.Image {
	b := from.Bounds()
	w, h := b.Dx(), b.Dy()
	if w <= size.X && h <= size.Y || w == 0 || h == 0 {
		return from
	}
	to := image.Pt(size.X, max(1, h*size.X/w))
	if to.Y > size.Y {
		to = image.Pt(max(1, w*size.Y/h), size.Y)
	}
	small := image.NewRGBA(image.Rectangle{Max: to})
	for y := range to.Y {
		for x := range to.X {
			box := image.Rect(x*w/to.X, y*h/to.Y, (x+1)*w/to.X, (y+1)*h/to.Y).Add(b.Min)
			small.Set(x, y, mean(from, box))
		}
	}
	return small
}

// mean is the mean colour of a part of a picture, with a pixel at least.
func mean(from image.Image, box image.Rectangle) color.Color {
	var r, g, b, a, n uint64
	for y := box.Min.Y; y < max(box.Max.Y, box.Min.Y+1); y++ {
		for x := box.Min.X; x < max(box.Max.X, box.Min.X+1); x++ {
			pr, pg, pb, pa := from.At(x, y).RGBA()
			r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
		}
	}
	return color.RGBA64{uint16(r / n), uint16(g / n), uint16(b / n), uint16(a / n)}
}
