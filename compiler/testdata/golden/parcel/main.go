// Package main is a sample for the tests of the compiler: it sends a value of
// every form, and fails if something else arrives.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"log"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"time"

	"github.com/mpgen/mpgen/compiler/testdata/golden/parcel/geo"
	mp "github.com/mpgen/mpgen/runtime"
)

// rich is a value with something in each field, but for those that hold others.
func rich() Rich {
	at := time.Date(2024, 2, 29, 12, 30, 0, 5, time.UTC)
	link := url.URL{Scheme: "https", Host: "example.com", Path: "/a b"}
	addr := netip.MustParseAddr("fe80::1%eth0")
	limit, name := 7, geo.Name{}
	if err := name.UnmarshalText([]byte("Ås")); err != nil {
		panic(err)
	}
	r := Rich{
		ID: "id", Body: []byte{0, 1, 255}, URL: link, From: addr, Sum: *big.NewInt(-1 << 40), Name: name, At: at,
		Plains: []Plain{plain(), {}}, Tags: []string{"", "b"}, Words: [4]string{"a", "", "c", "d"},
		Urls: []url.URL{link}, ByLevel: map[Level][]byte{LevelHigh: {1}, LevelLow: {}},
		ByAddr: map[netip.Addr]map[Inner][]time.Time{addr: {Inner{N: -3}: {at, at.Add(1)}}},
		Limit:  &limit, Times: []*time.Time{nil, &at},
		Way: geo.Way{
			Leg: geo.Leg{From: plain().Place, Via: []string{"x"}}, Label: "l", At: at, Shade: color.RGBA{1, 2, 3, 4},
			Next: &geo.Way{Note: "n"}, Codes: [2][]byte{{1}, nil}, ByName: map[string][]geo.Spot{"s": {{Height: 2}}},
			Titles: [2]geo.Title{name, {}}, Sum: [4][]byte{{1}, {}}, Hash: [32]byte{7}, Road: "A1", Tree: tree(),
		},
		Road: "B2", Roads: geo.Roads{"a", ""}, Route: geo.Route{"r"}, Tree: tree(), Marks: geo.Marks{"m", "n"}, Blob: geo.Blob{1, 2},
		Link: &geo.Way{Label: "linked"}, Short: geo.Short{Via: []string{"v"}}, ByRoad: map[geo.Road]int{"A": 1},
		Values: url.Values{"k": {"v", "w"}}, Raw: json.RawMessage("{}"),
		Leg: GeoLeg{Pages: [2][]byte{{1}, {2}}, Other: Array2Bytes{Text: "t"}},
		Pix: image.RGBA{Pix: []uint8{9}, Stride: 4, Rect: image.Rect(0, 1, 2, 3)},
	}
	return r
}

func tree() geo.Tree { return geo.Tree{"a": {"b": nil, "c": {}}} }

// deepen fills the fields that hold others of the kind.
func deepen(r Rich) Rich {
	left := r
	r.Left, r.ByName, r.Pages = &left, map[string]Rich{"k": left}, [2][]Rich{{left}, nil}
	r.Other.Back = []Rich{left}
	return r
}

func plain() Plain {
	return Plain{
		On: true, B: 200, R: 'ß', C: complex(1, -2), Grid: [2][3]float32{{1, 2, 3}, {4, 5, 6}}, Level: LevelHigh,
		Inner: Inner{N: -1}, Place: geo.Place{Point: image.Pt(3, 4), Height: 1.5}, Pause: time.Minute,
	}
}

func fill(ctx context.Context, p *FillPorts, rich Rich, _ []url.URL, link url.URL, words [4]string, limit *int, table map[string]int, plain Plain, names []geo.Name) error {
	if err := p.Riches.Send(ctx, deepen(rich)); err != nil {
		return err
	}
	if err := p.Ways.Send(ctx, []geo.Way{rich.Way}); err != nil {
		return err
	}
	if err := p.RichFailures.Send(ctx, mp.Failed[Rich]{Item: deepen(rich), Err: context.Canceled}); err != nil {
		return err
	}
	if err := p.Lists.Send(ctx, [][]string{words[:], nil}); err != nil {
		return err
	}
	if link.Host == "" || *limit != 3 || table["a"] != 1 || len(names) != 1 {
		return fmt.Errorf("got other arguments: %v %v %v %v", link, *limit, table, names)
	}
	return p.Plains.Send(ctx, plain)
}

func drive(ctx context.Context, p *DrivePorts, road geo.Road) error {
	if err := p.Roads.Send(ctx, geo.Roads{road, "x"}); err != nil {
		return err
	}
	return p.Trees.Send(ctx, tree())
}

func take(ctx context.Context, p *TakePorts) error {
	r, err := p.Riches.Receive(ctx)
	if err != nil || !reflect.DeepEqual(r, deepen(rich())) {
		return fmt.Errorf("got %+v, %v", r, err)
	}
	ways, err := p.Ways.Receive(ctx)
	if err != nil || !reflect.DeepEqual(ways, []geo.Way{rich().Way}) {
		return fmt.Errorf("got %+v, %v", ways, err)
	}
	f, err := p.RichFailures.Receive(ctx)
	if err != nil || !reflect.DeepEqual(f.Item, deepen(rich())) || f.Err == nil {
		return fmt.Errorf("got %+v, %v", f, err)
	}
	roads, err := p.Roads.Receive(ctx)
	if err != nil || !reflect.DeepEqual(roads, geo.Roads{"M6", "x"}) {
		return fmt.Errorf("got %+v, %v", roads, err)
	}
	leaves, err := p.Trees.Receive(ctx)
	if err != nil || !reflect.DeepEqual(leaves, tree()) {
		return fmt.Errorf("got %+v, %v", leaves, err)
	}
	lists, err := p.Lists.Receive(ctx)
	if err != nil || !reflect.DeepEqual(lists, [][]string{{"a", "b", "", ""}, nil}) {
		return fmt.Errorf("got %+v, %v", lists, err)
	}
	flat, err := p.Plains.Receive(ctx)
	if err != nil || flat != plain() {
		return fmt.Errorf("got %+v, %v", flat, err)
	}
	return nil
}

func turn(context.Context, url.URL) (map[string][]Plain, error) {
	return map[string][]Plain{"p": {plain()}, "nil": nil}, nil
}

func main() {
	mp.Main()
	ctx := context.Background()
	limit := 3
	run, err := Start(ctx, Args{
		FillRich: rich(), FillLink: url.URL{Host: "h"}, FillWords: [4]string{"a", "b"}, FillLimit: &limit,
		FillTable: map[string]int{"a": 1}, FillPlain: plain(), FillNames: []geo.Name{{}}, DriveRoad: "M6",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	table, err := run.Turn.Call(ctx, url.URL{Path: "/"})
	if err != nil || !reflect.DeepEqual(table, map[string][]Plain{"p": {plain()}, "nil": nil}) {
		log.Fatalf("got %v, %v", table, err)
	}
	if err := run.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("all arrived")
}
