// Package main is a sample for the tests of the compiler.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	mp "github.com/mpgen/mpgen/runtime"
)

type net struct{ weights []float32 }

func openModel(_ context.Context, weights []float32) (Model, error) { return net{weights}, nil }

func (n net) Score(_ context.Context, pix []byte) (sum float32, err error) {
	for i, p := range pix {
		sum += float32(p) * n.weights[i%len(n.weights)]
	}
	return sum, nil
}

func (n net) Classify(ctx context.Context, img Image) (Label, error) {
	score, err := n.Score(ctx, img.Pix)
	return Label{img.Name, score}, err
}

func (n net) Forget(context.Context, string) error { return nil }

type checker struct{}

func openStrict(context.Context) (Strict, error) { return checker{}, nil }

// Check lets no picture without pixels through, and gives back each other one twice.
func (checker) Check(_ context.Context, img Image) ([]Image, error) {
	if len(img.Pix) == 0 {
		return nil, errors.New("no pixels")
	}
	return []Image{img, img}, nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	run, err := Start(ctx, Args{ModelWeights: []float32{1, 0.5}})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	score, err := run.Model.Score(ctx, []byte{1, 2}) // calls and items side by side
	fmt.Println(score, err)
	go func() {
		defer run.Images.Close()
		for i := range 10 {
			if run.Images.Send(ctx, Image{fmt.Sprint(i), make([]byte, i)}) != nil {
				return // the run ended, Wait says why
			}
			if run.Names.Send(ctx, "a name") != nil {
				return
			}
		}
	}()
	failed := make(chan string, 10)
	go func() {
		defer close(failed)
		for f, err := range run.Broken.All(ctx) {
			if err != nil {
				return
			}
			failed <- f.Item.Name
		}
	}()
	n := 0
	for l, err := range run.Labels.All(ctx) {
		if err != nil {
			break
		}
		n += len(l.Name)
	}
	for name := range failed {
		fmt.Println(name)
	}
	fmt.Println(n, run.Wait())
}
