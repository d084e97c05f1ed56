package mp

import (
	"fmt"
	"slices"
)

// told is what Start was told that changes where things lie. It travels in the
// control file, so that each process makes the same plan: the number of workers,
// then the lengths of the arrays that declare none, in their order.
type told []int

// tell picks out of the options and arguments what the plan depends on, and
// leaves the other arguments.
func tell(p *Pipeline, workers int, args []Arg) (told, []Arg, error) {
	t := told{workers}
	for _, d := range p.Decls {
		a, ok := d.(lengthRow)
		if !ok || a.declaredLength() != 0 {
			continue
		}
		i := slices.IndexFunc(args, func(arg Arg) bool { return arg.isLength && arg.to == d })
		if i < 0 {
			return nil, nil, fmt.Errorf("array %q has no length: generate its code again", d.name())
		}
		n := args[i].length
		if !a.lengthFits(n) {
			return nil, nil, fmt.Errorf("array %q can't have %d elements: give its length, of at least 1, in the arguments of Start", d.name(), n)
		}
		t = append(t, n)
	}
	rest := slices.DeleteFunc(slices.Clone(args), func(a Arg) bool { return a.isLength })
	return t, rest, nil
}

// workers is the number of workers of pools that declare none, 0: not told.
func (t told) workers() int {
	if len(t) == 0 {
		return 0
	}
	return t[0]
}

func (t told) lengths() []int {
	if len(t) == 0 {
		return nil
	}
	return t[1:]
}
