package peer

import (
	"context"
	"strings"
	"sync"
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

// ChannelOfFour is [Channel] between two goroutines that send and two that
// receive. It is timed from the first item that one of them gets to the last.
func ChannelOfFour(ctx context.Context, n int) (time.Duration, error) {
	c := make(chan Item, Capacity)
	var senders, receivers sync.WaitGroup
	for i := range uint64(2) {
		senders.Go(func() {
			for k := uint64(n) / 2 * i; k < uint64(n)/2+i*uint64(n-n/2); k++ {
				c <- Item{Number: k}
			}
		})
	}
	go func() {
		senders.Wait()
		close(c)
	}()
	var sums [2]uint64
	var first [2]time.Time
	for i := range 2 {
		receivers.Go(func() {
			sum := uint64(0)
			for v := range c {
				if first[i].IsZero() {
					first[i] = time.Now()
				}
				sum += v.Number
			}
			sums[i] = sum
		})
	}
	receivers.Wait()
	start := first[0]
	if start.IsZero() || !first[1].IsZero() && first[1].Before(start) {
		start = first[1]
	}
	return time.Since(start), CheckSum(n, sums[0]+sums[1])
}
