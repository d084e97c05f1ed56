package grammar

import "strings"

// units are the words that people write for a unit, in small letters, and how the language writes them.
var units = []struct {
	written  string
	duration bool
	words    string // separated by blanks
}{
	{"ns", true, "ns nsec nano nanos nanosecond nanoseconds"},
	{"us", true, "us µs μs usec micro micros microsecond microseconds"},
	{"ms", true, "ms msec milli millis millisecond milliseconds"},
	{"s", true, "s sec secs second seconds"},
	{"m", true, "m min mins minute minutes"},
	{"h", true, "h hr hrs hour hours"},
	{"B", false, "b byte bytes"},
	{"KiB", false, "k kb kib kbyte kbytes kilobyte kilobytes"},
	{"MiB", false, "m mb mib mbyte mbytes megabyte megabytes"},
	{"GiB", false, "g gb gib gbyte gbytes gigabyte gigabytes"},
	{"TiB", false, "t tb tib tbyte tbytes terabyte terabytes"},
}

// MeantUnit returns the unit of durations or sizes, as a number carries it, that somebody who wrote the word meant, or "".
// What the language has already stays: KB is KB.
func MeantUnit(word string, duration bool) string {
	small := strings.ToLower(word)
	for _, u := range units {
		if u.duration != duration {
			continue
		}
		for w := range strings.FieldsSeq(u.words) {
			switch {
			case w != small:
			case !duration && len(word) == 2 && strings.ToUpper(word) == word:
				return word
			default:
				return u.written
			}
		}
	}
	return ""
}

// meantUnit is MeantUnit where nothing says which kind is wanted.
func meantUnit(word string) string {
	if u := MeantUnit(word, true); u != "" {
		return u
	}
	return MeantUnit(word, false)
}
