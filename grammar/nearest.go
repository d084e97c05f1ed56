package grammar

import (
	"strings"
)

// Nearest is the candidate that somebody who wrote word most likely meant, or "": one that starts alike, or is not more
// than a third of its letters away; the first one where several are as near. It is sure where no other candidate would
// do, so that the word may be replaced without asking.
func Nearest(word string, candidates []string) (near string, sure bool) {
	low := strings.ToLower(word)
	limit := max(1, len(low)/3)
	least, rivals, begun := limit+1, 0, false
	for _, c := range candidates {
		small := strings.ToLower(c)
		cut := len(low) >= 3 && len(small) > len(low)+limit && strings.HasPrefix(small, low)
		d := limit
		if !cut {
			if longer := len(small) - len(low); longer > 4*limit || -longer > 4*limit { // in bytes, of which a letter has four at most
				continue
			}
			if d = distance(low, small); d >= len(c) {
				continue
			}
		}
		switch {
		case d < least, d == least && begun && !cut: // better a letter that is wrong than half of a word
			near, least, rivals, begun = c, d, 0, cut
		case d == least && near != "" && c != near:
			rivals++
		}
	}
	sure = near != "" && rivals == 0 && !begun && len(low) >= 3 && (least < 2 || low[0] == strings.ToLower(near)[0]) && withoutDigits(low) != withoutDigits(strings.ToLower(near))
	return near, sure || near != "" && strings.EqualFold(word, near)
}

// withoutDigits tells jobs1 and jobs2, which are two names and no mistake, from what is misspelt.
func withoutDigits(word string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, word)
}

// distance is the number of letters to insert, drop, change, or swap with their neighbour that makes a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var older []int
	prev := make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range x {
		row := make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(prev[j]+cost, prev[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, prev = prev, row
	}
	return prev[len(y)]
}
