package line

import "github.com/mpgen/mpgen/runtime/internal/seam"

// A worker's parent sends tasks ahead, and one of them may turn out slow. What lies
// behind it in the line and is not begun the parent can take back, without asking the
// worker, which works. Both go by a word beside the line, the place: how many units of
// what the parent has sent, each a task or several that are done as one, the worker has
// begun or passed over, and above that how many behind these the parent has taken back.
//
//	begun n            the worker's n-th unit is the last that it has begun
//	begun n, taken k   and the k behind it are the parent's again
//
// The worker begins a unit by a CAS from begun n to begun n+1, the parent takes back
// what it has sent beyond n by one from begun n to begun n, taken k. So one of the two
// comes first, and the other one's fails: a unit is begun, or taken back, and each
// side knows which when its CAS has returned. There is no state between. Two words, of
// which each side writes one and looks at the other's, would not do: both might see
// the other's, and neither would know whether the worker has gone on or has passed over.
//
// A worker whose CAS fails passes over the k units when it meets them, without an
// answer, and then stores begun n+k, from where it goes on. Until then the parent takes
// back nothing more. What it sends meanwhile lies behind those and counts on: units
// are told apart by their place in the line alone, which is the same for both sides,
// and not by numbers of tasks, which come again with a retry.
//
// The parent takes back only units that it has published, so that the worker meets
// exactly these. When the worker dies, the place is that of a dead: what the parent has
// taken back is not among what it takes from its remains, and its successor begins with
// an empty line and place. A worker that writes nonsense there can keep its
// parent from taking tasks back, or answer twice, which its parent sees.

const (
	placeBits = 48
	placeMask = 1<<placeBits - 1
)

// MaxTaken is how many units can be taken back at once.
const MaxTaken = 1<<(64-placeBits) - 1

// Place is the worker's side of its place, for one goroutine.
type Place struct {
	word *seam.Uint64
	n    uint64
	over uint64 // units that it has still to pass over
}

// OpenPlace opens the worker's side; the word is zero.
func OpenPlace(word *seam.Uint64) Place { return Place{word: word} }

// Begin takes the next unit that came over the line. It reports false if the parent
// has taken that back.
func (p *Place) Begin() bool {
	if p.over == 0 {
		if p.word.CompareAndSwap(p.n, p.n+1) {
			p.n++
			return true
		}
		p.over = p.word.Load() >> placeBits
	}
	p.n++
	if p.over--; p.over == 0 {
		p.word.Store(p.n)
	}
	return false
}

// Begun is how many units the worker of a place has begun or passed over. It is not ok
// while the worker has still to pass over some.
func Begun(place *seam.Uint64) (n uint64, ok bool) {
	v := place.Load()
	return v & placeMask, v>>placeBits == 0
}

// TakeBack makes the k units behind the first n the parent's again. It reports false
// if the worker has gone on: then nothing has happened.
func TakeBack(place *seam.Uint64, n uint64, k int) bool {
	return place.CompareAndSwap(n, uint64(k)<<placeBits|n)
}
