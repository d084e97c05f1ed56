package compiler

import (
	"maps"
	"slices"

	"github.com/mpgen/mpgen/compiler/ir"
	"github.com/mpgen/mpgen/grammar"
)

// claim is a Go name that generated code or the user's functions need.
type claim struct {
	name string
	by   *symbol // nil for what every pipeline has
	at   grammar.Span
	user bool // the folder's Go files declare it
	kin  bool // made from the name of a declaration, where others have it as it is
}

// claims are all package level names, in the order of the source.
func (u *unit) claims() []claim {
	list := []claim{{name: "Start"}, {name: "Run"}, {name: "mpPipeline"}, {name: "mp"}}
	args := false
	for _, s := range u.order {
		if s.missing {
			continue
		}
		add := func(name string, at *grammar.Name, user bool) {
			kin := name != s.name.Text
			list = append(list, claim{name: name, by: s, at: at.Span, user: user, kin: kin})
		}
		switch s.kind {
		case "struct":
			add(s.goName, s.name, false)
		case "enum":
			add(s.goName, s.name, false)
			for _, v := range distinct(s.decl.(*grammar.Enum).Values) {
				add(s.goName+exported(v.Name.Text), v.Name, false)
			}
		case "process", "pool":
			if s.bind() == nil {
				add(handlerName(s), s.name, true)
			}
			if len(s.fields) > 0 {
				add(taskName(s), s.name, false)
			}
			add(row(s), s.name, false)
			if u.isStarted(s) {
				add(starterName(s), s.name, false)
			}
		case "service":
			add(s.goName, s.name, false)
			if s.bind() == nil {
				add(handlerName(s), s.name, true)
			}
			for _, name := range []string{row(s), methodsName(s), clientName(s)} {
				add(name, s.name, false)
			}
		default:
			add(row(s), s.name, false)
		}
		if s.kind != "array" && s.reaches() {
			add(portsName(s), s.name, false)
		}
		args = args || len(u.argsOf(s)) > 0
	}
	if args {
		list = append(list, claim{name: "Args"})
	}
	for _, c := range u.codecs() {
		var by *symbol
		if c.Type.Kind == ir.Declared {
			by = u.declared(&c.Type)
		}
		for _, name := range []string{ir.PutName(c.Name), ir.GetName(c.Name)} {
			claim := claim{name: name, by: by, kin: true}
			if by != nil {
				claim.at = by.name.Span
			}
			list = append(list, claim)
		}
	}
	return list
}

// collide reports Go names that two would have. Where a part of the pipeline is
// missing the rest is checked all the same: a name is a name.
func (u *unit) collide() {
	own := u.ownFiles()
	if own.pkg != "" && len(u.files) > 0 && u.files[0].Package != nil {
		if name := u.files[0].Package.Name; name.Text != own.pkg {
			u.add(goPackageDiffers(name, own))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own.names)) {
		if predeclared[name] && name != "any" && name != "comparable" {
			u.add(takenByGo(claim{name: name}, own.names[name], u.files))
		}
	}
	imported := u.importedAs()
	had := map[string]claim{}
	told := map[*symbol]bool{}
	list := u.claims()
	// Who can't be told otherwise has the name: generated code, then types and
	// functions, then what is called after a declaration.
	slices.SortStableFunc(list, func(a, b claim) int { return rank(a) - rank(b) })
	for _, c := range list {
		if c.by != nil && told[c.by] {
			continue
		}
		old, clash := had[c.name]
		if !clash {
			had[c.name] = c
			if at, ok := own.names[c.name]; ok && !c.user {
				if c.by != nil {
					told[c.by] = true
				}
				u.add(takenByGo(c, at, u.files))
			} else if at, ok := imported[c.name]; ok && own.names[c.name].File == "" && c.name != "mp" {
				if c.by != nil {
					told[c.by] = true
				}
				u.add(takenByImport(c, at, u.files))
			}
			continue
		}
		if c.by == nil || c.by == old.by && c.at == old.at {
			continue
		}
		told[c.by] = true
		u.add(takenByOther(c, old))
	}
	for _, s := range u.order {
		switch {
		case s.missing || s.unnameable():
		case runMembers[s.goName] && (u.inRun(s) || s.onDemand):
			u.add(takenByRun(s))
		case goMethods[s.goName] && s.onDemand:
			u.add(notGosMethod(s, s.name, s.goName))
		case s.instances > 0:
			u.checkInstanceNames(s)
		}
	}
	u.checkArgNames()
}

// checkInstanceNames reports ports that would have the names of the fields that say
// which instance a process is.
func (u *unit) checkInstanceNames(s *symbol) {
	for _, key := range portKeys {
		for _, r := range s.given[key].refs {
			if r.sym.goName == "Instance" || r.sym.goName == "Instances" {
				u.add(takenByInstance(s, r))
			}
		}
	}
}

// portKeys are the settings whose names become ports, in the order of the fields.
var portKeys = []string{"send", "receive", "use", "read"}

func rank(c claim) int {
	switch {
	case c.by == nil:
		return 0
	case !c.kin:
		return 1
	}
	return 2
}

// distinct leaves out values whose Go name an earlier one has, which is told elsewhere.
func distinct(values []*grammar.EnumValue) []*grammar.EnumValue {
	had := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(values), func(v *grammar.EnumValue) bool {
		g := exported(v.Name.Text)
		old := had[g]
		had[g] = true
		return old
	})
}

// inRun says whether a declaration is a field of Run.
func (u *unit) inRun(s *symbol) bool {
	switch s.kind {
	case "array", "service":
		return true
	case "pool":
		return !s.stage()
	case "queue":
		return u.main != nil && (names(u.main, "send", s) || names(u.main, "receive", s))
	}
	k := kindOf(s)
	return k != nil && (!k.main || u.main != nil && names(u.main, "use", s))
}

// names says whether a process names a symbol in a setting.
func names(p *symbol, key string, s *symbol) bool {
	return slices.ContainsFunc(p.given[key].refs, func(t target) bool { return t.sym == s })
}

// arg is a field of Args.
type arg struct {
	goName string
	name   *grammar.Name
	typ    *ir.Type
}

// argsOf are the fields of Args that a declaration needs.
func (u *unit) argsOf(s *symbol) []arg {
	var args []arg
	switch {
	case s.missing || s.onDemand:
	case s.kind == "array" && s.length == 0:
		args = append(args, arg{s.goName + "Len", s.name, &ir.Type{Kind: ir.Basic, Name: "int", Flat: true}})
	case s.kind == "process" || s.kind == "service":
		for _, p := range s.params {
			args = append(args, arg{s.goName + exported(p.name.Text), p.name, p.typ})
		}
	}
	return args
}

// checkArgNames reports fields of Args that two would have: b of process runA, and aB
// of process run.
func (u *unit) checkArgNames() {
	had := map[string]*grammar.Name{}
	for _, s := range u.order {
		args := u.argsOf(s)
		for _, a := range args {
			if old, ok := had[a.goName]; ok {
				if !slices.ContainsFunc(args, func(b arg) bool { return b.name == old }) {
					what := "parameter"
					if a.name == s.name {
						what = s.kind
					}
					u.add(sameGoName(what, a.name, old, "Args."+a.goName))
				}
				continue
			}
			had[a.goName] = a.name
		}
	}
}
