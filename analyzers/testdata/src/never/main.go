package main

import "context"

func main() { // want `main does not call mp.Main, without which no process can start: call it first`
	run, _ := Start(context.Background())
	run.Wait()
}
