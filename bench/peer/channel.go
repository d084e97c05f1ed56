package peer

import (
	"context"
	"strings"
	"time"
)

// Capacity is how many items a channel or ring holds.
const Capacity = 1024

// TextSize is the length of a [Line]'s text in bytes.
const TextSize = 200

// Channel moves n items of 64 bytes through a buffered channel between two
// goroutines, which the scheduler puts on two processors. It is timed by the
// receiver, from the first item to the last, as receivers in other processes are.
func Channel(ctx context.Context, n int) (time.Duration, error) {
	c := make(chan Item, Capacity)
	go func() {
		for i := range uint64(n) {
			c <- Item{Number: i}
		}
		close(c)
	}()
	v := <-c
	sum := v.Number
	start := time.Now()
	for v := range c {
		sum += v.Number
	}
	return time.Since(start), CheckSum(n, sum)
}

// TextChannel is [Channel] with items that point to 200 bytes of text; between
// goroutines only the pointer moves.
func TextChannel(ctx context.Context, n int) (time.Duration, error) {
	return textChannel(n, func(text string) string { return text })
}

// TextChannelOwned is [TextChannel] whose sender makes each item's text anew, so that
// the receiver has its own, as a receiver in another process has.
func TextChannelOwned(ctx context.Context, n int) (time.Duration, error) {
	return textChannel(n, strings.Clone)
}

func textChannel(n int, made func(string) string) (time.Duration, error) {
	text := strings.Repeat("x", TextSize)
	c := make(chan Line, Capacity)
	go func() {
		for i := range uint64(n) {
			c <- Line{Number: i, Text: made(text)}
		}
		close(c)
	}()
	v := <-c
	sum := v.Number
	start := time.Now()
	for v := range c {
		sum += v.Number + uint64(len(v.Text)-TextSize)
	}
	return time.Since(start), CheckSum(n, sum)
}
