package compiler

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/mpgen/mpgen/compiler/diag"
)

// Function is a Go function of the folder that a declaration calls: what it is to be,
// and what is there. It is for who writes those that are missing and shows how others
// are to be changed; a finding tells of the latter, too.
type Function struct {
	Of      string    // the declaration, as in: pool "resize"
	At      diag.Span // what names the function in the .mp file
	Name    string    // of the function
	Head    string    // func resize(ctx context.Context, job Job) (Thumb, error)
	Found   diag.Span // its name in a Go file; without a File there is none
	Have    string    // its head, in one line; none if it is no plain function
	Differs string    // how Have is not what the declaration says; "" if it is, or Go has to tell
}

// functions lists the functions of the folder in the order of their declarations, each
// once. A pipeline that was refused has none.
func (u *unit) functions() []Function {
	var list []Function
	seen := map[string]bool{}
	for _, s := range u.order {
		h := s.handler
		if h == nil || h.pkg != nil || seen[h.name] {
			continue
		}
		seen[h.name] = true
		f := Function{
			Of:      s.String(),
			At:      diag.At(h.at()),
			Name:    h.name,
			Head:    u.headOf(h),
			Found:   u.ownFiles().names[h.name],
			Differs: h.differs,
		}
		if h.found != nil {
			f.Found = u.funcSpan(h)
			f.Have = h.have()
		} else if m := h.misspelt; m != nil {
			f.Found, f.Have, f.Differs = u.spanIn(u.ownFiles().code, m.decl.Name), headOf(m), "it is called "+m.decl.Name.Name
		} else if id := u.elsewhere(h); id != nil {
			f.Found = u.spanIn(u.ownFiles().code, id)
		}
		list = append(list, f)
	}
	return list
}

// have is the head of the function that is there.
func (h *handler) have() string {
	return headOf(h.found)
}

func headOf(f *goFunc) string {
	if f.variable() {
		return "var " + f.decl.Name.Name + " " + types.ExprString(f.decl.Type)
	}
	return "func " + f.decl.Name.Name + strings.TrimPrefix(types.ExprString(f.decl.Type), "func")
}

// elsewhere is a handler in a file that is not built here.
func (u *unit) elsewhere(h *handler) *ast.Ident {
	return u.world.elsewhere(u.packageOf(h), "", h.name)
}
