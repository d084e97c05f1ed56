package compiler

import (
	"strings"

	"github.com/mpgen/mpgen/grammar"
)

// The variables that a process is to have in its environment.

// roleVariable is that by which a process learns what it is.
const roleVariable = "MPGEN_CHILD"

// setBy are the settings that set a variable, by its name.
var setBy = map[string]string{"GOMAXPROCS": "cpus", "GOMEMLIMIT": "memory", "PWD": "dir"}

// checkEnvironment checks the variables of a declaration: each has a name, no two have
// the same, and none says otherwise than a setting beside it.
func (u *unit) checkEnvironment(s *symbol) {
	env, ok := s.given["worker.env"]
	if !ok || env.at == nil {
		return
	}
	first := map[string]*grammar.Value{}
	for i, text := range env.texts {
		if len(env.texts) != len(env.at.Values) {
			return // one of them was refused
		}
		v := env.at.Values[i]
		key, _, ok := strings.Cut(text, "=")
		setting, taken := setBy[key]
		other, beside := s.given["worker."+setting]
		switch {
		case !ok || key == "":
			u.add(noVariable(v, text, ok))
		case key == roleVariable:
			u.add(ownVariable(v, key))
		case first[key] != nil:
			u.add(variableTwice(v, first[key], key))
		case taken && beside && other.at != nil:
			u.add(variableOfSetting(v, other.at, key))
		}
		if ok && first[key] == nil {
			first[key] = v
		}
	}
}
