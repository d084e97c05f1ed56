package compiler

import (
	"math/big"
	"strconv"
	"strings"
	"time"
)

// sizeUnits are the units of sizes, in bytes.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"TiB", tib}, {"GiB", gib}, {"MiB", mib}, {"KiB", kib},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

// reading is how far the text of a number could be understood.
type reading int

const (
	understood reading = iota
	malformed          // no number of this unit
	tooLarge           // one, but beyond 64 bits
)

// readCount reads digits, perhaps grouped by underscores.
func readCount(text string) (int64, reading) {
	if text == "" || strings.Trim(text, "0123456789_") != "" || strings.HasSuffix(text, "_") {
		return 0, malformed
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
	if err != nil {
		return 0, tooLarge
	}
	return n, understood
}

// readSize reads a whole number of bytes: 256MiB, 1.5GiB, 64KB, 0B.
func readSize(text string) (int64, reading) {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		if digits == "" || strings.Trim(digits, "0123456789.") != "" || len(digits) > 40 {
			return 0, malformed
		}
		n, ok := new(big.Rat).SetString(digits)
		if !ok {
			return 0, malformed
		}
		n.Mul(n, new(big.Rat).SetInt64(u.bytes))
		switch {
		case !n.IsInt():
			return 0, malformed
		case !n.Num().IsInt64():
			return 0, tooLarge
		}
		return n.Num().Int64(), understood
	}
	return 0, malformed
}

// readDuration reads what time.ParseDuration reads, with a unit always: 5s, 1m30s.
func readDuration(text string) (int64, reading) {
	if strings.Trim(text, "0123456789_.") == "" {
		return 0, malformed
	}
	d, err := time.ParseDuration(text)
	switch {
	case err == nil:
		return int64(d), understood
	case len(text) > 18:
		return 0, tooLarge
	}
	return 0, malformed
}

// SizeText is a size as one would write it.
func SizeText(bytes int64) string {
	for _, u := range sizeUnits[:4] {
		if bytes >= u.bytes && bytes%u.bytes == 0 {
			return strconv.FormatInt(bytes/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(bytes, 10) + "B"
}

// durationText is a duration as one would write it: without the parts that are zero.
func durationText(ns int64) string {
	text := time.Duration(ns).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
