package mp

import "strings"

// EnumName is the name of an enum's value, for its String method. names are
// separated by spaces, the name of 0 first. A value beyond them is "?".
func EnumName[T ~uint8](v T, names string) string {
	for name := range strings.FieldsSeq(names) {
		if v == 0 {
			return name
		}
		v--
	}
	return "?"
}
