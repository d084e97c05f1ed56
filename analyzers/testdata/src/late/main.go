package main

import (
	"context"
	"flag"
	"os"

	mp "github.com/mpgen/mpgen/runtime"
)

func main() {
	name := flag.String("log", "", "")
	flag.Parse()
	l, _ := os.Create(*name)              // want `os.Create stands before mp.Main, so that each process of the pipeline comes to it: call mp.Main first`
	go l.Close()                          // want `this goroutine stands before mp.Main`
	run, _ := Start(context.Background()) // want `Start stands before mp.Main`
	mp.Main()
	Start(context.Background())
	run.Wait()
}
