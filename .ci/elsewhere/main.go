// Command elsewhere checks that all packages below the current folder, and their tests,
// are right for other systems, as their Go compiler would see. It goes through the
// sources, and leaves out what functions of others do: for each system the standard
// library would have to be compiled else, which takes minutes.
//
//	go run ./.ci/elsewhere darwin/arm64 windows/amd64
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	wrong := 0
	for _, system := range os.Args[1:] {
		n, err := check(system)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", system, err)
			os.Exit(2)
		}
		wrong += n
	}
	if wrong > 0 {
		os.Exit(1)
	}
}

const mode = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
	packages.NeedTypes | packages.NeedTypesSizes | packages.NeedTypesInfo | packages.NeedSyntax | packages.NeedModule

// check prints what is wrong for a system, and counts it.
func check(system string) (wrong int, err error) {
	goos, goarch, ok := strings.Cut(system, "/")
	if !ok {
		return 0, fmt.Errorf("want system/processor")
	}
	here, err := os.Getwd()
	if err != nil {
		return 0, err
	}
	ours := func(file string) bool { return strings.HasPrefix(file, here+string(filepath.Separator)) }
	all, err := packages.Load(&packages.Config{
		Mode: mode, Tests: true, Env: append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0"),
		ParseFile: func(files *token.FileSet, name string, src []byte) (*ast.File, error) {
			f, err := parser.ParseFile(files, name, src, parser.SkipObjectResolution|parser.ParseComments)
			if f != nil && !ours(name) {
				forget(f)
			}
			return f, err
		},
	}, "./...")
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, fmt.Errorf("there are no packages")
	}
	packages.Visit(all, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			// Others lack what is left out of them. What the go command tells of a package has no place.
			if ours(e.Pos) || e.Pos == "" || e.Pos == "-" {
				wrong++
				fmt.Printf("%s: %v\n", system, e)
			}
		}
	})
	return wrong, nil
}

// forget leaves the bodies of functions out.
func forget(f *ast.File) {
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			d.Body = nil
		}
	}
}
