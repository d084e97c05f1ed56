// Command lock has ten processes that move money between two accounts. Without the
// lock some of it would be lost, and mpgen refuses the array without a guard.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

func move(ctx context.Context, p *MovePorts) error {
	for i := range 1000 {
		if err := p.Bank.Lock(ctx); err != nil {
			return err // the lock is not held
		}
		from := (p.Instance + i) % 2
		p.Accounts[from]--
		p.Accounts[1-from] += 2 // and one is paid in
		p.Bank.Unlock()
	}
	return nil
}

func main() {
	mp.Main()
	run, err := Start(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("together", run.Accounts[0]+run.Accounts[1])
}
