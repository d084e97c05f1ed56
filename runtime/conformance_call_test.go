package mp

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

func (t *trial) call() {
	_, n := t.start(office.pipeline)
	serve := office.serve.Pool(n)
	answer, err := serve.Call(limited(t), order{how: "return"})
	require.NoError(t, err)
	require.Equal(t, "served return", answer)
	_, err = serve.Call(limited(t), order{how: "fail"})
	var remote *Remote
	require.ErrorAs(t, err, &remote)
	require.Equal(t, "as told: it acted", remote.Text)
	require.ErrorIs(t, err, errActed)
	i := 0
	for answer, err := range serve.Map(limited(t), func(yield func(order) bool) {
		for i := range 500 {
			if !yield(order{how: []string{"return", "fail"}[i%2]}) {
				return
			}
		}
	}) {
		require.Equal(t, i%2 == 1, errors.Is(err, errActed))
		if err == nil {
			require.Equal(t, "served return", answer)
		}
		i++
	}
	require.Equal(t, 500, i)
}

func (t *trial) retry() {
	r, n := t.start(office.pipeline)
	answer, err := office.serve.Pool(n).Call(limited(t), order{"panic once", t.TempDir() + "/once"})
	require.NoError(t, err)
	require.Equal(t, "done at last", answer)
	s := r.Stats().Pools["serve"]
	require.EqualValues(t, 1, s.Retried)
	until(t, "its worker is replaced", func() bool { return r.Stats().Pools["serve"].Restarts == 1 }) // the other one has answered
}

func (t *trial) ahead() {
	_, n := t.start(office.pipeline)
	for _, most := range []int{1, 3, 100} {
		read, had := 0, 0
		input := func(yield func(order) bool) {
			for read < 300 {
				read++
				if !yield(order{how: "return"}) {
					return
				}
			}
		}
		for _, err := range office.serve.Pool(n).Ahead(most).Map(limited(t), input) {
			require.NoError(t, err)
			had++
			require.Less(t, read-had, most)
		}
		require.Equal(t, 300, had)
		read, had = 0, 0
		for r := range office.serve.Pool(n).Ahead(most).MapUnordered(limited(t), input) {
			require.NoError(t, r.Err)
			had++
			require.Less(t, read-had, most)
		}
		require.Equal(t, 300, had)
	}
}

func (t *trial) inOrder() {
	_, n := t.start(diary.pipeline)
	noted = nil
	in := make([]int, 200)
	for i := range in {
		in[i] = i
	}
	out, err := Collect(diary.note.Pool(n).Map(limited(t), slices.Values(in)))
	require.NoError(t, err)
	require.Equal(t, in, out)
	if t.holds == yes {
		require.Equal(t, in, noted)
	}
}

func (t *trial) cancelled() {
	_, n := t.start(office.pipeline)
	file := t.TempDir() + "/begun"
	task := office.serve.Pool(n).Go(limited(t), order{"obey", file})
	until(t, "it has begun", func() bool { _, err := os.Stat(file); return err == nil })
	task.Cancel()
	_, err := task.Wait(limited(t))
	require.ErrorIs(t, err, context.Canceled)
	ctx, cancel := context.WithTimeout(limited(t), 20*time.Millisecond)
	defer cancel()
	_, err = office.serve.Pool(n).Call(ctx, order{"obey", file})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	for range 2 { // nobody was killed for it
		_, err = office.serve.Pool(n).Call(limited(t), order{how: "return"})
		require.NoError(t, err)
	}
}

func (t *trial) opening() {
	r, n := t.start(attic.pipeline)
	seen := ""
	require.NoError(t, attic.service.Client(n).Call(limited(t), 0, func(*Encoder) {}, func(d *Decoder) { seen = d.String() }))
	require.Equal(t, "open", seen)
	require.GreaterOrEqual(t, attic.opened.In(n).Load(), 2)
	require.Contains(t, r.Stats().Errors[len(r.Stats().Errors)-1].Text, "it can't be opened: it took longer than 200ms: context deadline exceeded")
	require.NoError(t, r.Close())
}
