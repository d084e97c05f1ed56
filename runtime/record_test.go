package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// secret is a value that says of itself what to log.
type secret string

func (secret) LogValue() slog.Value { return slog.GroupValue(slog.String("kind", "secret")) }

type spot struct{ X, Y int }

type named struct{ n int }

func (n named) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "number %d", n.n), nil }

type explosive struct{}

func (explosive) MarshalText() ([]byte, error) { panic("boom") }

func valueGen(depth int) *rapid.Generator[slog.Value] {
	return rapid.Custom(func(t *rapid.T) slog.Value {
		switch n := rapid.IntRange(0, 14).Draw(t, "kind"); n {
		case 0:
			return slog.BoolValue(rapid.Bool().Draw(t, "bool"))
		case 1:
			return slog.DurationValue(time.Duration(rapid.Int64().Draw(t, "duration")))
		case 2:
			return slog.Float64Value(rapid.Float64().Draw(t, "float"))
		case 3:
			return slog.Int64Value(rapid.Int64().Draw(t, "int"))
		case 4:
			return slog.Uint64Value(rapid.Uint64().Draw(t, "uint"))
		case 5:
			zone := time.FixedZone("", rapid.IntRange(-12, 14).Draw(t, "zone")*3600)
			return slog.TimeValue(time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "time"), 5).In(zone))
		case 6:
			return slog.AnyValue(errors.New(rapid.String().Draw(t, "error")))
		case 7:
			return slog.AnyValue(spot{1, rapid.Int().Draw(t, "y")})
		case 8:
			return slog.AnyValue(secret("x"))
		case 9:
			return slog.AnyValue(named{7})
		case 10:
			return slog.AnyValue([]string{"a", "b"})
		case 11:
			return slog.AnyValue(nil)
		case 12:
			return slog.AnyValue(map[string]any{"k": 1.5})
		case 13:
			if depth > 0 {
				return slog.GroupValue(attrsGen(depth-1).Draw(t, "group")...)
			}
		}
		return slog.StringValue(rapid.String().Draw(t, "string"))
	})
}

func attrsGen(depth int) *rapid.Generator[[]slog.Attr] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) slog.Attr {
		return slog.Attr{Key: rapid.StringMatching(`[a-z ]{1,5}`).Draw(t, "key"), Value: valueGen(depth).Draw(t, "value")}
	}), 0, 4)
}

// handlers are those whose output is compared.
func handlers(b *bytes.Buffer) map[string]slog.Handler {
	o := &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug}
	return map[string]slog.Handler{"text": slog.NewTextHandler(b, o), "JSON": slog.NewJSONHandler(b, o)}
}

// A record that has crossed reads as it would have read at home.
func TestRecordsReadTheSameOnTheOtherSide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := slog.NewRecord(time.Unix(rapid.Int64Range(1, 1<<33).Draw(t, "at"), rapid.Int64Range(0, 999999999).Draw(t, "nanoseconds")),
			slog.Level(rapid.IntRange(-8, 12).Draw(t, "level")), rapid.String().Draw(t, "message"), uintptr(codeBase)+1)
		attrs := attrsGen(2).Draw(t, "attrs")
		data := encodeRecord(r, attrs)
		var d Decoder
		d.reset(data)
		got := decodeRecord(&d)
		require.NoError(t, d.Err())
		r.AddAttrs(attrs...)
		var home, away bytes.Buffer
		for name, h := range handlers(&home) {
			home.Reset()
			away.Reset()
			require.NoError(t, h.Handle(context.Background(), r))
			require.NoError(t, handlers(&away)[name].Handle(context.Background(), got))
			require.Equal(t, home.String(), away.String())
			require.Contains(t, home.String(), "record.go")
		}
	})
}

func TestRecordsThatAreTooLargeAreCutShort(t *testing.T) {
	long := strings.Repeat("long ", 20_000)
	cross := func(attrs ...slog.Attr) string {
		data := encodeRecord(slog.NewRecord(time.Now(), slog.LevelInfo, "message", 0), attrs)
		require.LessOrEqual(t, len(data), maxRecord)
		var d Decoder
		d.reset(data)
		r := decodeRecord(&d)
		require.NoError(t, d.Err())
		var b bytes.Buffer
		require.NoError(t, slog.NewTextHandler(&b, nil).Handle(context.Background(), r))
		return b.String()
	}
	require.Regexp(t, `msg=message text="(long ){204}long…" n=3\n$`, cross(slog.String("text", long), slog.Int("n", 3)))
	var many []slog.Attr
	for i := range 100 {
		many = append(many, slog.String(fmt.Sprint("k", i), long))
	}
	require.Contains(t, cross(many...), `msg=message "left out"=100`)
	require.Contains(t, cross(slog.Any("v", explosive{})), "!PANIC: boom")
	require.Contains(t, cross(slog.Any("v", func() {}), slog.Float64("f", math.NaN())), "f=NaN")
}

func TestRecordsAreChecked(t *testing.T) {
	data := encodeRecord(slog.NewRecord(time.Now(), slog.LevelInfo, "message", 0), []slog.Attr{slog.Int("n", 3), slog.Any("g", secret(""))})
	for n := range data {
		var d Decoder
		d.reset(data[:n])
		decodeRecord(&d)
		require.Error(t, d.Err(), "cut at %d", n)
	}
	rapid.Check(t, func(t *rapid.T) {
		var d Decoder
		d.reset(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		decodeRecord(&d) // and does not panic
	})
}
