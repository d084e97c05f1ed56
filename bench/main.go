// Command bench measures mpgen side by side with what a user would pick
// instead: a Go channel, a bare ring or futex in shared memory, go-plugin,
// Python's multiprocessing, a bare re-exec, a hand-written goroutine program.
//
//	go run . [--json] [--only name,name] [--runs n] [--quick]
//
// Rows come in from [rows], one for each thing compared; a table, or with --json
// an array of results, goes to standard output and progress to standard error.
// Nobody imports it.
//
// Figures of two programs compare only if the machine was the same for both,
// and a shared machine changes by the second. So the two sides of a row take
// turns (A B A B …), the median of each side counts, and what a row says is the
// ratio of the two medians: how many times better mpgen is than its peer, never
// a time that another machine would not repeat.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	mp "github.com/mpgen/mpgen/runtime"

	"github.com/mpgen/mpgen/bench/peer"
)

func main() {
	mp.Main()
	peer.Main()

	var plan plan
	asJSON := flag.Bool("json", false, "print the results as JSON")
	only := flag.String("only", "", "measure only the rows of these `names`, separated by commas")
	list := flag.Bool("list", false, "print the names of the rows and stop")
	flag.IntVar(&plan.runs, "runs", 7, "measure each side `n` times; a figure to quote needs at least 5")
	flag.BoolVar(&plan.quick, "quick", false, "do a tenth of the work in each run: a smoke test, with rougher figures")
	flag.Parse()

	shop, err := newWorkshop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	code := run(shop, plan, *only, *list, *asJSON)
	shop.close()
	os.Exit(code)
}

// run returns the code to exit with: 2 for a wrong command line, 1 for a row
// that broke.
func run(shop *workshop, plan plan, only string, list, asJSON bool) int {
	chosen, err := choose(rows(shop), only)
	if err == nil && plan.runs < 1 {
		err = fmt.Errorf("--runs is %d, want at least 1", plan.runs)
	}
	if err == nil && flag.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q; rows are chosen with --only", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 2
	}
	if list {
		for _, r := range chosen {
			fmt.Println(r.name)
		}
		return 0
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	results, failed := plan.measure(ctx, chosen)
	if asJSON {
		err = writeJSON(os.Stdout, results)
	} else {
		err = writeTable(os.Stdout, results)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	if err != nil || failed {
		return 1
	}
	return 0
}

// choose returns the rows with the names in only, in the order of the table, or
// all of them if only is empty.
func choose(all []row, only string) ([]row, error) {
	if only == "" {
		return all, nil
	}
	wanted := map[string]bool{}
	for name := range strings.SplitSeq(only, ",") {
		wanted[strings.TrimSpace(name)] = true
	}
	var chosen []row
	var names []string
	for _, r := range all {
		names = append(names, r.name)
		if wanted[r.name] {
			chosen = append(chosen, r)
			delete(wanted, r.name)
		}
	}
	for name := range wanted {
		return nil, fmt.Errorf("no row is named %q; there are %s", name, strings.Join(names, ", "))
	}
	return chosen, nil
}
