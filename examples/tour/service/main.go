// Command service keeps accounts in a process of their own, which three others call.
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"errors"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

// accounts is the object. Its methods run one at a time.
type accounts struct {
	start    int64
	balances map[string]int64
}

func openBank(ctx context.Context, start int64) (Bank, error) {
	return &accounts{start, map[string]int64{}}, nil
}

var errNothing = errors.New("nothing to pay in")

func init() { mp.KeepErrors(errNothing) } // so that errors.Is finds it in other processes

func (a *accounts) Deposit(ctx context.Context, account string, amount int64) (int64, error) {
	if amount <= 0 {
		return 0, errNothing
	}
	a.balances[account] += amount
	return a.Balance(ctx, account)
}

func (a *accounts) Balance(ctx context.Context, account string) (int64, error) {
	return a.start + a.balances[account], nil
}

func customer(ctx context.Context, p *CustomerPorts) error {
	for range 100 {
		if _, err := p.Bank.Deposit(ctx, "ours", 1); err != nil {
			return err
		}
	}
	if _, err := p.Bank.Deposit(ctx, "ours", 0); !errors.Is(err, errNothing) {
		return fmt.Errorf("paid in nothing: %w", err)
	}
	return nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{BankStart: 1000})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	if err := run.Wait(); err != nil { // for the customers
		log.Fatal(err)
	}
	fmt.Println(run.Bank.Balance(ctx, "ours"))
}
