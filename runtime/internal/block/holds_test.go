package block

import "github.com/mpgen/mpgen/runtime/internal/seam"

// holds are all words that may say who holds the block of an entry, also those that the
// mask leaves out.
func (t *Table) holds(entry int) (words []*seam.Uint64) {
	n := t.g.bits()
	add := func(all []seam.Uint64) {
		for k := range all {
			words = append(words, &all[k])
		}
	}
	add(t.bits[entry*n:][:n])
	for ring := range t.words {
		add(t.messages(entry, ring))
	}
	return words
}
