package diag

import (
	"strings"
	"unicode"
)

// tabStop is how far apart tab stops are shown, in columns of a terminal.
const tabStop = 4

// expand makes text that takes the same columns in every terminal of a character that starts in the given column (0 is the
// first): a tab becomes spaces, and what a terminal could take for a command a replacement character. It returns the
// columns taken.
func expand(r rune, column int) (string, int) {
	if r == '\t' {
		n := tabStop - column%tabStop
		return strings.Repeat(" ", n), n
	}
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
		r = unicode.ReplacementChar
	}
	return string(r), width(r)
}

// width is the number of columns that a terminal gives to a character: none to marks that stand on the one before, two
// to the wide scripts and pictures (Unicode Standard Annex 11, classes W and F, in coarse ranges).
func width(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	for _, w := range wide {
		if r >= w[0] && r <= w[1] {
			return 2
		}
	}
	return 1
}

var wide = [][2]rune{
	{0x1100, 0x115F},   // Hangul Jamo
	{0x2E80, 0x303E},   // CJK radicals and punctuation
	{0x3041, 0x33FF},   // Kana, Bopomofo, compatibility
	{0x3400, 0x4DBF},   // CJK extension A
	{0x4E00, 0x9FFF},   // CJK
	{0xA000, 0xA4CF},   // Yi
	{0xAC00, 0xD7A3},   // Hangul
	{0xF900, 0xFAFF},   // CJK compatibility
	{0xFE30, 0xFE6F},   // vertical forms
	{0xFF00, 0xFF60},   // full-width forms
	{0xFFE0, 0xFFE6},   // full-width signs
	{0x1F300, 0x1F64F}, // pictures
	{0x1F900, 0x1F9FF}, // more pictures
	{0x20000, 0x3FFFD}, // CJK extensions B and up
}
