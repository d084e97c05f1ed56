package mp

import (
	"fmt"

	"github.com/stretchr/testify/require"
)

func (t *trial) order() {
	r, n := t.start(speech.pipeline, speak(500, "return", 0))
	i := 0
	for v, err := range speech.said.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), v[0])
		i++
	}
	require.Equal(t, 500, i)
	require.NoError(t, r.Wait())
	require.Equal(t, QueueStats{Cap: 8, Sent: 500, Received: 500}, r.Stats().Queues["said"])
}

func (t *trial) copies() {
	_, n := t.start(speech.pipeline, speak(2, "return", 0))
	in := speech.said.Receiver(n)
	first, err := in.Receive(limited(t))
	require.NoError(t, err)
	first[1] = "changed"
	second, err := in.Receive(limited(t))
	require.NoError(t, err)
	require.Equal(t, []string{"0", "changed"}, first)
	require.Equal(t, []string{"1", "same"}, second)
}

func (t *trial) full() {
	r, n := t.start(throng.pipeline)
	out := throng.in.Sender(n)
	for range throngSize {
		require.NoError(t, out.Send(limited(t), 1))
	}
	require.NoError(t, r.Wait())
	require.ErrorIs(t, out.Send(limited(t), 1), ErrClosed)

	r, n = t.start(speech.pipeline, speak(100, "return", 0))
	until(t, "the queue is full", func() bool { return r.Stats().Queues["said"].Len == 8 })
	for _, err := range speech.said.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
	}
	require.NoError(t, r.Wait())
}

func (t *trial) end() {
	r, n := t.start(speech.pipeline, speak(3, "return", 0))
	in := speech.said.Receiver(n)
	for range 3 {
		_, err := in.Receive(limited(t))
		require.NoError(t, err)
	}
	_, err := in.Receive(limited(t))
	require.Equal(t, ErrClosed, err)
	require.NoError(t, r.Wait())

	r, n = t.start(speech.pipeline, speak(0, "fail", 0))
	for _, err = range speech.said.Receiver(n).All(limited(t)) {
		require.Error(t, err)
	}
	require.ErrorIs(t, err, errActed)
	require.ErrorIs(t, r.Wait(), errActed)
}

func (t *trial) stage() {
	const count = 2000
	r, n := t.start(belt.pipeline, counts(count))
	got, done := map[int]int{}, [2]uint64{}
	for v, err := range belt.twice.Receiver(n).All(limited(t)) {
		require.NoError(t, err)
		if got[v]++; len(got)%100 != 0 {
			continue
		}
		for i := range done { // one that has got to work since the last time
			m := r.memberOf("double", i)
			if now := m.report.Done.Load(); now > done[i] {
				done[i] = now
				m.kill(nil)
				break
			}
		}
	}
	require.Equal(t, count, len(got))
	for v, times := range got {
		require.Equal(t, 1, times, v)
	}
	require.NoError(t, r.Wait())
	require.Positive(t, r.Stats().Pools["double"].Restarts)
}
