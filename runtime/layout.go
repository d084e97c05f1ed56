package mp

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A layout is what has to be known of a type to copy its memory from one process
// to another: whether that is allowed at all, and where a byte lies that not
// every value is good for. It is found by reflection once for each type.
type layout struct {
	word  uintptr   // the type, as an interface names it
	err   error     // why the type is not flat
	bools []boolRun // nil if the type has none

	// fields are the runs of bytes that tell equal values from unequal ones.
	// Padding does not, and of floats 0 and -0 are equal.
	fields []keyField
}

// A boolRun is bools at equal distances.
type boolRun struct{ at, step, n uintptr }

type keyField struct {
	at, size uintptr
	float    bool
}

// Direct-mapped caches stand in front of the map: the types of a program are
// few, and Get asks at each value whether its type has bools.
var (
	noBools    [256]atomic.Uintptr // types, by their words
	layouts    [256]atomic.Pointer[layout]
	allLayouts sync.Map // reflect.Type to *layout
)

// typeWord tells types apart. A pointer fits into an interface as it is, so
// nothing is allocated to ask for its type.
func typeWord[T any]() uintptr {
	a := any((*T)(nil))
	return *(*uintptr)(unsafe.Pointer(&a))
}

func layoutOf[T any]() *layout {
	word := typeWord[T]()
	if l := layouts[layoutSlot(word)].Load(); l != nil && l.word == word {
		return l
	}
	return findLayout(word, reflect.TypeFor[T]())
}

func layoutSlot(word uintptr) uint8 { return uint8(word>>5 ^ word>>13) }

//go:noinline
func findLayout(word uintptr, t reflect.Type) *layout {
	found, ok := allLayouts.Load(t)
	if !ok {
		l := &layout{word: word}
		if err := l.add(t, 0, ""); err != nil {
			*l = layout{word: word, err: fmt.Errorf("%q can't be copied from process to process: %w; it needs a codec", t, err)}
		}
		found, _ = allLayouts.LoadOrStore(t, l)
	}
	l := found.(*layout)
	layouts[layoutSlot(word)].Store(l)
	if l.bools == nil {
		noBools[layoutSlot(word)].Store(word)
	}
	return l
}

// add appends what t has at an offset. path names it in errors.
func (l *layout) add(t reflect.Type, at uintptr, path string) error {
	switch t.Kind() {
	case reflect.Bool:
		l.addBools(boolRun{at, 1, 1})
		l.addField(at, 1, false)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		l.addField(at, t.Size(), false)
	case reflect.Float32, reflect.Float64:
		l.addField(at, t.Size(), true)
	case reflect.Complex64, reflect.Complex128:
		l.addField(at, t.Size()/2, true)
		l.addField(at+t.Size()/2, t.Size()/2, true)
	case reflect.Array:
		return l.addArray(t, at, path)
	case reflect.Struct:
		for f := range t.Fields() {
			if err := l.add(f.Type, at+f.Offset, path+"."+f.Name); err != nil {
				return err
			}
		}
	default:
		if path == "" {
			return fmt.Errorf("it is a %v", t.Kind())
		}
		return fmt.Errorf("its field %q is a %v", path[1:], t.Kind())
	}
	return nil
}

// addArray adds the element once and repeats what came of it, so that a large
// array of simple elements stays a single run.
func (l *layout) addArray(t reflect.Type, at uintptr, path string) error {
	var elem layout
	if err := elem.add(t.Elem(), 0, path+".0"); err != nil || t.Len() == 0 {
		return err
	}
	n, step := uintptr(t.Len()), t.Elem().Size()
	for _, b := range elem.bools {
		if b.n == 1 {
			l.addBools(boolRun{at + b.at, step, n})
			continue
		}
		if b.step*b.n == step {
			l.addBools(boolRun{at + b.at, b.step, b.n * n})
			continue
		}
		for i := range n {
			l.addBools(boolRun{at + i*step + b.at, b.step, b.n})
		}
	}
	if len(elem.fields) == 1 && elem.fields[0] == (keyField{0, step, false}) {
		l.addField(at, step*n, false)
		return nil
	}
	for i := range n {
		for _, f := range elem.fields {
			l.addField(at+i*step+f.at, f.size, f.float)
		}
	}
	return nil
}

func (l *layout) addBools(r boolRun) {
	if last := len(l.bools) - 1; last >= 0 && r.step == 1 {
		if b := &l.bools[last]; b.step == 1 && b.at+b.n == r.at {
			b.n += r.n
			return
		}
	}
	l.bools = append(l.bools, r)
}

func (l *layout) addField(at, size uintptr, float bool) {
	if last := len(l.fields) - 1; last >= 0 && !float {
		if f := &l.fields[last]; !f.float && f.at+f.size == at {
			f.size += size
			return
		}
	}
	l.fields = append(l.fields, keyField{at, size, float})
}

// sound says whether every bool at p is 0 or 1. Compiled code takes that for
// granted, and may index with a bool without a check. p is private memory: what
// was checked there can't change any more.
func (l *layout) sound(p unsafe.Pointer) bool {
	for _, r := range l.bools {
		for i := range r.n {
			if *(*uint8)(unsafe.Add(p, r.at+i*r.step)) > 1 {
				return false
			}
		}
	}
	return true
}

// flat says why the memory of a T can't be copied to another process, or nil: a
// pointer, whatever its kind, means nothing there.
func flat[T any]() error { return layoutOf[T]().err }

// holdsBools says whether memory that became a T by a plain copy must pass sound.
func holdsBools[T any]() bool { return layoutOf[T]().bools != nil }

// sound says whether *v, copied from memory that another process can write, is
// a value that Go code may be given. Types for which holdsBools is false always are.
func sound[T any](v *T) bool { return layoutOf[T]().sound(unsafe.Pointer(v)) }
