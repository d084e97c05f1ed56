package mp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// place is a key with padding, and with a float.
type place struct {
	Row    int8
	Height float64
}

func init() {
	count := func(times int) func(context.Context, *Node, int) error { // a dict's number and one that can't be lost
		return func(ctx context.Context, n *Node, _ int) error {
			for range times {
				if err := players.seen.In(n).Update(ctx, "count", plusOne); err != nil {
					return err
				}
				players.count.In(n).Add(1)
			}
			return nil
		}
	}
	acts["count"], acts["count on"] = count(200), count(1e9)
	acts["count slowly"] = func(ctx context.Context, n *Node, _ int) error {
		return players.seen.In(n).Update(ctx, "count", func(v int, _ bool) (int, error) {
			time.Sleep(2 * time.Millisecond) // in which the others change it a hundred times
			players.acts.In(n).Add(1)
			return v, nil
		})
	}
	acts["die counting"] = func(ctx context.Context, n *Node, _ int) error {
		return players.seen.In(n).Update(ctx, "count", func(int, bool) (int, error) { panic("as told") })
	}
	acts["append on"] = func(ctx context.Context, n *Node, i int) error {
		for {
			if err := acts["append pairs"](ctx, n, i); err != nil {
				return err
			}
			if err := players.todo.In(n).Clear(ctx); err != nil {
				return err
			}
		}
	}
	acts["append pairs"] = func(ctx context.Context, n *Node, i int) error {
		for k := range 100 {
			page := strings.Repeat(fmt.Sprint(i, k, " "), 50)
			if err := players.todo.In(n).Append(ctx, page, page); err != nil {
				return err
			}
		}
		return nil
	}
	acts["see pairs"] = func(ctx context.Context, n *Node, _ int) error {
		for range 20 {
			if err := seesPairs(ctx, players.todo.In(n)); err != nil {
				return err
			}
		}
		return nil
	}
	acts["see on"] = func(ctx context.Context, n *Node, _ int) error {
		for {
			if err := seesPairs(ctx, players.todo.In(n)); err != nil {
				return err
			}
		}
	}
	acts["add spots"] = func(ctx context.Context, n *Node, _ int) error {
		for row := range int8(3) {
			added, err := players.spots.In(n).Add(ctx, place{row, 0})
			if err != nil {
				return err
			}
			if added {
				players.count.In(n).Add(1)
			}
		}
		return nil
	}
	acts["one too many"] = func(ctx context.Context, n *Node, _ int) error {
		if _, err := players.spots.In(n).Add(ctx, place{100, 1}); !errors.Is(err, ErrFull) {
			return errActed
		}
		if err := players.todo.In(n).Store(ctx, 1<<20, ""); !errors.Is(err, ErrRange) {
			return errActed
		}
		return nil
	}
}

func plusOne(n int, _ bool) (int, error) { return n + 1, nil }

// seesPairs is an error if the list does not consist of pairs.
func seesPairs(ctx context.Context, list *List[string]) error {
	all, err := list.All(ctx)
	if err != nil {
		return err
	}
	var pages []string
	for i, page := range all {
		if pages = append(pages, page); i%2 == 1 && pages[i-1] != page {
			return errActed
		}
	}
	if len(pages)%2 != 0 {
		return errActed
	}
	return nil
}

func (t *trial) managed() {
	g := t.play([]string{"count"}, []string{"count"}, []string{"count"}, []string{"add spots"})
	for i := range playerCount {
		g.starts(i)
	}
	g.dies(2)
	for _, i := range []int{0, 1, 3} {
		require.Equal(t, fine, g.ended(i))
	}
	require.NoError(t, g.r.Wait())
	n, ok, err := players.seen.In(g.n).Load(limited(t), "count")
	require.NoError(t, err)
	require.True(t, ok)
	size, err := players.spots.In(g.n).Len(limited(t))
	require.NoError(t, err)
	require.Equal(t, 3, size)
	require.Contains(t, []int{0, 1}, n+3-players.count.In(g.n).Load())
	require.GreaterOrEqual(t, n, 400)
}

// The laws of a dict are those of a Go map, and its order that in which keys came.
func TestDictIsAMap(t *testing.T) {
	_, n := lend(t)
	ctx := limited(t)
	dict := players.pages.In(n)
	rapid.Check(t, func(t *rapid.T) {
		require.NoError(t, dict.Clear(ctx))
		want, order := map[int]string{}, []int{}
		store := func(k int, v string) {
			if _, ok := want[k]; !ok {
				order = append(order, k)
			}
			want[k] = v
		}
		remove := func(k int) {
			delete(want, k)
			order = slices.DeleteFunc(order, func(o int) bool { return o == k })
		}
		key, text := rapid.IntRange(0, 80), rapid.String()
		t.Repeat(map[string]func(*rapid.T){
			"store": func(t *rapid.T) {
				k, v := key.Draw(t, "k"), text.Draw(t, "v")
				require.NoError(t, dict.Store(ctx, k, v))
				store(k, v)
			},
			"load": func(t *rapid.T) {
				k := key.Draw(t, "k")
				v, ok, err := dict.Load(ctx, k)
				require.NoError(t, err)
				w, there := want[k]
				require.Equal(t, there, ok)
				require.Equal(t, w, v)
			},
			"load or store": func(t *rapid.T) {
				k, v := key.Draw(t, "k"), text.Draw(t, "v")
				actual, loaded, err := dict.LoadOrStore(ctx, k, v)
				require.NoError(t, err)
				w, there := want[k]
				if !there {
					w = v
					store(k, v)
				}
				require.Equal(t, there, loaded)
				require.Equal(t, w, actual)
			},
			"load and delete": func(t *rapid.T) {
				k := key.Draw(t, "k")
				v, ok, err := dict.LoadAndDelete(ctx, k)
				require.NoError(t, err)
				w, there := want[k]
				require.Equal(t, there, ok)
				require.Equal(t, w, v)
				remove(k)
			},
			"delete many": func(t *rapid.T) {
				for k := range rapid.IntRange(0, 80).Draw(t, "n") {
					require.NoError(t, dict.Delete(ctx, k))
					remove(k)
				}
			},
			"store many": func(t *rapid.T) {
				for k := range rapid.IntRange(0, 80).Draw(t, "n") {
					require.NoError(t, dict.Store(ctx, k, "x"))
					store(k, "x")
				}
			},
			"update": func(t *rapid.T) {
				k := key.Draw(t, "k")
				require.NoError(t, dict.Update(ctx, k, func(v string, ok bool) (string, error) {
					w, there := want[k]
					require.Equal(t, there, ok)
					require.Equal(t, w, v)
					return v + "+", nil
				}))
				store(k, want[k]+"+")
				require.ErrorIs(t, dict.Update(ctx, k, func(v string, _ bool) (string, error) { return "never", errActed }), errActed)
			},
			"": func(t *rapid.T) {
				all, err := dict.All(ctx)
				require.NoError(t, err)
				var keys []int
				for k, v := range all {
					keys = append(keys, k)
					require.Equal(t, want[k], v)
				}
				require.Equal(t, order, append([]int{}, keys...))
				size, err := dict.Len(ctx)
				require.NoError(t, err)
				require.Equal(t, len(want), size)
			},
		})
	})
}

// The laws of a list are those of a slice.
func TestListIsASlice(t *testing.T) {
	_, n := lend(t)
	ctx := limited(t)
	list := players.todo.In(n)
	rapid.Check(t, func(t *rapid.T) {
		require.NoError(t, list.Clear(ctx))
		want := []string{}
		text := rapid.String()
		at := func(t *rapid.T, over int) int { return rapid.IntRange(-1, len(want)+over).Draw(t, "i") }
		outside := func(i int) bool { return i < 0 || i >= len(want) }
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				v := rapid.SliceOfN(text, 0, 5).Draw(t, "v")
				require.NoError(t, list.Append(ctx, v...))
				want = append(want, v...)
			},
			"insert": func(t *rapid.T) {
				i, v := at(t, 1), text.Draw(t, "v")
				if err := list.Insert(ctx, i, v, v); i < 0 || i > len(want) {
					require.ErrorIs(t, err, ErrRange)
					return
				}
				want = slices.Insert(want, i, v, v)
			},
			"load and store": func(t *rapid.T) {
				i, v := at(t, 0), text.Draw(t, "v")
				got, err := list.Load(ctx, i)
				if outside(i) {
					require.ErrorIs(t, err, ErrRange)
					require.ErrorIs(t, list.Store(ctx, i, v), ErrRange)
					return
				}
				require.Equal(t, want[i], got)
				require.NoError(t, list.Store(ctx, i, v))
				want[i] = v
			},
			"update": func(t *rapid.T) {
				i := at(t, 0)
				err := list.Update(ctx, i, func(v string) (string, error) { return v + "+", nil })
				if outside(i) {
					require.ErrorIs(t, err, ErrRange)
					return
				}
				require.NoError(t, err)
				want[i] += "+"
			},
			"remove": func(t *rapid.T) {
				i := at(t, 0)
				got, err := list.Remove(ctx, i)
				if outside(i) {
					require.ErrorIs(t, err, ErrRange)
					return
				}
				require.Equal(t, want[i], got)
				want = slices.Delete(want, i, i+1)
			},
			"pop": func(t *rapid.T) {
				got, ok, err := list.Pop(ctx)
				require.NoError(t, err)
				require.Equal(t, len(want) > 0, ok)
				if ok {
					require.Equal(t, want[len(want)-1], got)
					want = want[:len(want)-1]
				}
			},
			"": func(t *rapid.T) {
				all, err := list.All(ctx)
				require.NoError(t, err)
				got := maps.Collect(all)
				require.Len(t, got, len(want))
				for i, v := range want {
					require.Equal(t, v, got[i])
				}
			},
		})
	})
}

// lend starts players that do nothing, for the program's own use of what they share.
func lend(t *testing.T) (*Run, *Node) {
	r, n, err := Start(context.Background(), players.pipeline, []Option{NoSignals(), Goroutines()}, scripted(nil))
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r, n
}

func TestEqualKeysAreOne(t *testing.T) {
	_, n := lend(t)
	set := players.spots.In(n)
	dirty := place{1, 0}
	for i := range memoryOf(&dirty)[1:8] {
		memoryOf(&dirty)[1+i] = 0xff // padding
	}
	for i, v := range []place{{1, 0}, dirty, {1, math.Copysign(0, -1)}} {
		added, err := set.Add(limited(t), v)
		require.NoError(t, err)
		require.Equal(t, i == 0, added)
	}
	all, err := set.All(limited(t))
	require.NoError(t, err)
	require.Equal(t, []place{{1, 0}}, slices.Collect(all))
	deleted, err := set.Delete(limited(t), dirty)
	require.NoError(t, err)
	require.True(t, deleted)
}

func TestLimitsOfManagedObjects(t *testing.T) {
	_, n := lend(t)
	ctx := limited(t)
	set, list, dict := players.spots.In(n), players.todo.In(n), players.seen.In(n)
	for i := range int8(3) {
		_, err := set.Add(ctx, place{i, 0})
		require.NoError(t, err)
	}
	_, err := set.Add(ctx, place{3, 0})
	require.ErrorIs(t, err, ErrFull)
	require.EqualError(t, err, `set "spots": no place left`)
	_, err = set.Add(ctx, place{2, 0})
	require.NoError(t, err)
	require.NoError(t, list.Append(ctx, make([]string, 19_999)...))
	require.ErrorIs(t, list.Append(ctx, "", ""), ErrFull)
	size, err := list.Len(ctx)
	require.NoError(t, err)
	require.Equal(t, 19_999, size)
	for i := range 100 {
		require.NoError(t, dict.Store(ctx, fmt.Sprint(i), i))
	}
	require.ErrorIs(t, dict.Store(ctx, "more", 1), ErrFull)
	require.ErrorIs(t, dict.Update(ctx, "more", plusOne), ErrFull)
	require.NoError(t, dict.Update(ctx, "7", plusOne))
	require.NoError(t, dict.Delete(ctx, "8"))
	require.NoError(t, dict.Store(ctx, "more", 1))
	require.ErrorIs(t, players.pages.In(n).Store(ctx, 1, strings.Repeat("x", managedMax)), ErrTooBig)
}

// What does not come from a correct process is found out, and changes nothing.
func TestShelfRefusesNonsense(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shelf{}
		if rapid.Bool().Draw(t, "keyed") {
			s.index = map[string]int{}
		}
		var open snapshots
		for range rapid.IntRange(1, 20).Draw(t, "calls") {
			var e, answer Encoder
			e.reset(nil, 1<<20)
			Put(&e, rapid.Uint32Range(0, opClear+1).Draw(t, "op"))
			e.raw(rapid.SliceOf(rapid.SampledFrom([]byte{0, 0, 0, 1, 2, 255})).Draw(t, "rest"))
			var d Decoder
			d.reset(e.bytes())
			answer.reset(nil, 1<<20)
			s.serve(&d, &answer, &open)
			require.GreaterOrEqual(t, s.live(), 0)
			if s.index != nil {
				require.Len(t, s.index, s.live())
			}
		}
	})
}

func TestManagedObjectsAfterTheEnd(t *testing.T) {
	r, n := lend(t)
	dict := players.seen.In(n)
	require.NoError(t, dict.Store(limited(t), "a", 1))
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, dict.Store(gone, "a", 2), context.Canceled)
	require.NoError(t, r.Close())
	v, ok, err := dict.Load(limited(t), "a")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 1, v)
	require.ErrorIs(t, dict.Store(limited(t), "a", 2), ErrClosed)
	require.ErrorIs(t, dict.Update(limited(t), "a", plusOne), ErrClosed)
}

// What changes while a snapshot is read does not show in it.
func TestSnapshotsStayAsTheyWere(t *testing.T) {
	r, n := lend(t)
	ctx := limited(t)
	list, dict := players.todo.In(n), players.pages.In(n)
	var want []string
	for i := range 3000 {
		want = append(want, fmt.Sprintf("%040d", i))
		require.NoError(t, dict.Store(ctx, i, want[i]))
	}
	require.NoError(t, list.Append(ctx, want...))
	got, pieces := []string{}, 0
	require.NoError(t, list.m.all(ctx, func(d *Decoder) {
		if got = append(got, d.String()); len(got)%100 == 1 {
			pieces = max(pieces, len(r.snapshots.open))
			require.NoError(t, list.Store(ctx, 2900, "changed"))
			_, err := list.Remove(ctx, 0)
			require.NoError(t, err)
			require.NoError(t, list.Insert(ctx, 10, "new"))
		}
	}))
	require.Equal(t, want, got)
	require.Equal(t, 1, pieces) // it did not come at once
	got = nil
	require.NoError(t, dict.m.all(ctx, func(d *Decoder) {
		k := Get[int](d)
		if got = append(got, d.String()); k%100 == 0 {
			require.NoError(t, dict.Store(ctx, 2999-k, "changed"))
			for i := range 1600 {
				require.NoError(t, dict.Delete(ctx, i))
			}
		}
	}))
	require.Equal(t, want, got)
	require.Empty(t, r.snapshots.open)
}
