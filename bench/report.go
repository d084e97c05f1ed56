package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// writeJSON prints the results as one array, empty if there are none.
func writeJSON(w io.Writer, results []result) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(results)
}

// writeTable prints the results for a reader, a row each.
func writeTable(w io.Writer, results []result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "name\tmpgen\tpeer\tunit\ttimes better\truns\tpeer is")
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.2f\t%d\t%s\n",
			r.Name, figure(r.Ours), figure(r.Peer), r.Unit, r.Ratio, r.Runs, r.PeerName)
	}
	return t.Flush()
}

// figure keeps three digits that mean something.
func figure(f float64) string {
	switch {
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	default:
		return strconv.FormatFloat(f, 'f', 2, 64)
	}
}
