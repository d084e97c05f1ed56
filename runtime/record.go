package mp

import (
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"
)

// How a log record crosses: time, level, text, place in the code, and the
// attributes by their kinds, with what can't be known on the other side as text
// and JSON.

// maxRecord bounds a record on the line, shortText each text in one that is
// larger.
const maxRecord, shortText = 60 << 10, 1 << 10

// recorder is the handler of a process's default logger: what it is given goes to
// the parent, over the line, whose order it keeps.
type recorder struct {
	child *child
	outer []nest // outermost first
}

// nest is a group, or attributes of a logger.
type nest struct {
	group string
	attrs []slog.Attr
}

func (h *recorder) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.Level(int32(h.child.node.control.LogLevel.Load()))
}

func (h *recorder) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return &recorder{h.child, append(slices.Clip(h.outer), nest{attrs: attrs})}
}

func (h *recorder) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &recorder{h.child, append(slices.Clip(h.outer), nest{group: name})}
}

// Handle waits, like everything that goes to the parent, while the line is full.
func (h *recorder) Handle(ctx context.Context, r slog.Record) error {
	var attrs []slog.Attr
	r.Attrs(func(a slog.Attr) bool {
		if !a.Equal(slog.Attr{}) {
			attrs = append(attrs, a)
		}
		return true
	})
	for _, n := range slices.Backward(h.outer) {
		if n.group != "" {
			attrs = []slog.Attr{{Key: n.group, Value: slog.GroupValue(attrs...)}}
		} else {
			attrs = append(slices.Clip(n.attrs), attrs...)
		}
	}
	h.child.say(frameRecord, h.child.taskOf(ctx), encodeRecord(r, attrs))
	return nil
}

// encodeRecord makes what does not fit shorter, and then leaves it out.
func encodeRecord(r slog.Record, attrs []slog.Attr) []byte {
	var e Encoder
	for _, w := range []recordWriter{{max: maxRecord}, {max: shortText}} {
		e.reset(nil, maxRecord)
		w.Encoder = &e
		if w.record(r, attrs); e.err == nil {
			return e.bytes()
		}
	}
	e.reset(nil, maxRecord)
	w := recordWriter{&e, shortText}
	w.record(r, []slog.Attr{slog.Int("left out", len(attrs))})
	return e.bytes()
}

type recordWriter struct {
	*Encoder
	max int // bytes of a text
}

func (w recordWriter) text(s string) { w.String(clip(s, w.max)) }

func (w recordWriter) record(r slog.Record, attrs []slog.Attr) {
	w.time(r.Time)
	Put(w.Encoder, int64(r.Level))
	w.text(r.Message)
	place := int64(0)
	if r.PC != 0 {
		place = int64(r.PC) - codeBase
	}
	Put(w.Encoder, place)
	w.attrs(attrs)
}

// codeBase makes places in the code the same in all processes, wherever the system
// has put the program.
var codeBase = int64(reflect.ValueOf(textOf).Pointer())

func (w recordWriter) attrs(attrs []slog.Attr) {
	if !w.enter() {
		return
	}
	PutSlice(w.Encoder, attrs, func(_ *Encoder, a slog.Attr) {
		w.text(a.Key)
		w.value(a.Value)
	})
	w.leave()
}

func (w recordWriter) time(t time.Time) {
	_, offset := t.Zone()
	Put(w.Encoder, t.Unix())
	Put(w.Encoder, int32(t.Nanosecond()))
	Put(w.Encoder, int32(offset))
}

func (w recordWriter) value(v slog.Value) {
	v = v.Resolve()
	e, kind := w.Encoder, v.Kind()
	if err, ok := v.Any().(error); ok && kind == slog.KindAny {
		v, kind = slog.StringValue(textOf(err)), slog.KindString
	}
	Put(e, uint8(kind))
	switch kind {
	case slog.KindBool:
		Put(e, v.Bool())
	case slog.KindDuration:
		Put(e, int64(v.Duration()))
	case slog.KindFloat64:
		Put(e, v.Float64())
	case slog.KindInt64:
		Put(e, v.Int64())
	case slog.KindString:
		w.text(v.String())
	case slog.KindTime:
		w.time(v.Time())
	case slog.KindUint64:
		Put(e, v.Uint64())
	case slog.KindGroup:
		w.attrs(v.Group())
	default:
		w.text(textOf(v.Any()))
		if data := jsonOf(v.Any()); len(data) <= w.max {
			e.Bytes(data)
		} else {
			e.Bytes(nil)
		}
	}
}

// textOf is a value as package slog's text handler writes it.
func textOf(v any) (s string) {
	defer func() {
		if p := recover(); p != nil {
			s = fmt.Sprintf("!PANIC: %v", p)
		}
	}()
	switch v := v.(type) {
	case error:
		return v.Error()
	case encoding.TextMarshaler:
		if data, err := v.MarshalText(); err == nil {
			return string(data)
		}
	case []byte:
		return string(v)
	}
	return fmt.Sprintf("%+v", v)
}

// jsonOf is nil if the value has no JSON.
func jsonOf(v any) (data []byte) {
	defer func() {
		if recover() != nil {
			data = nil
		}
	}()
	data, _ = json.Marshal(v)
	return data
}

// farValue is a value of another process.
type farValue struct {
	text string
	json []byte
}

func (v farValue) String() string { return v.text }

func (v farValue) MarshalText() ([]byte, error) { return []byte(v.text), nil }

func (v farValue) MarshalJSON() ([]byte, error) {
	if len(v.json) == 0 {
		return json.Marshal(v.text)
	}
	return v.json, nil
}

// decodeRecord is the other side of encodeRecord. Attributes of its own come first.
func decodeRecord(d *Decoder, first ...slog.Attr) slog.Record {
	at := getTime(d)
	level, text, place := slog.Level(Get[int64](d)), d.String(), Get[int64](d)
	pc := uintptr(0)
	if place != 0 {
		pc = uintptr(place + codeBase)
	}
	r := slog.NewRecord(at, level, text, pc)
	r.AddAttrs(first...)
	r.AddAttrs(getAttrs(d)...)
	return r
}

func getTime(d *Decoder) time.Time {
	sec, nsec, offset := Get[int64](d), Get[int32](d), Get[int32](d)
	t := time.Unix(sec, int64(nsec))
	if _, local := t.Zone(); t.UTC().IsZero() {
		return time.Time{}
	} else if local != int(offset) {
		t = t.In(time.FixedZone("", int(offset)))
	}
	return t
}

func getAttrs(d *Decoder) []slog.Attr {
	if !d.enter() {
		return nil
	}
	defer d.leave()
	return GetSlice(d, func(d *Decoder) slog.Attr { return slog.Attr{Key: d.String(), Value: getValue(d)} })
}

func getValue(d *Decoder) slog.Value {
	switch kind := slog.Kind(Get[uint8](d)); kind {
	case slog.KindBool:
		return slog.BoolValue(Get[bool](d))
	case slog.KindDuration:
		return slog.DurationValue(time.Duration(Get[int64](d)))
	case slog.KindFloat64:
		return slog.Float64Value(Get[float64](d))
	case slog.KindInt64:
		return slog.Int64Value(Get[int64](d))
	case slog.KindString:
		return slog.StringValue(d.String())
	case slog.KindTime:
		return slog.TimeValue(getTime(d))
	case slog.KindUint64:
		return slog.Uint64Value(Get[uint64](d))
	case slog.KindGroup:
		return slog.GroupValue(getAttrs(d)...)
	case slog.KindAny:
		v := farValue{text: d.String(), json: d.Bytes()}
		if !json.Valid(v.json) {
			v.json = nil
		}
		return slog.AnyValue(v)
	default:
		d.corrupt("a log record has a value of kind %d", kind)
		return slog.Value{}
	}
}
