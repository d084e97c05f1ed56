package compiler

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCodeNamesWordsOfTheLanguage reads the package's own source: a keyword that is compared with a declaration's, and a
// setting that is asked for, is one of the tables. A misspelt one would never be met, and be nothing.
func TestCodeNamesWordsOfTheLanguage(t *testing.T) {
	paths := map[string]bool{}
	for _, s := range settings {
		path := s.Key
		if s.In != "" {
			path = s.In + "." + s.Key
		}
		paths[path] = true
	}
	methods := map[string]bool{"named": true, "amount": true, "says": true}  // whose first argument is a setting
	functions := map[string]bool{"names": true, "refTo": true, "rows": true} // whose second one is
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	keywords, keys := 0, 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		keyword := func(e ast.Expr) {
			if word, ok := literalText(e); ok {
				keywords++
				require.True(t, isKeyword(word), "%s: no declaration starts with %q", fset.Position(e.Pos()), word)
			}
		}
		key := func(e ast.Expr) {
			if path, ok := literalText(e); ok {
				keys++
				require.True(t, paths[path], "%s: there is no setting %q", fset.Position(e.Pos()), path)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if (n.Op == token.EQL || n.Op == token.NEQ) && isField(n.X, "kind") {
					keyword(n.Y)
				}
			case *ast.SwitchStmt:
				if n.Tag == nil || !isField(n.Tag, "kind") {
					break
				}
				for _, c := range n.Body.List {
					for _, e := range c.(*ast.CaseClause).List {
						keyword(e)
					}
				}
			case *ast.IndexExpr:
				if isField(n.X, "given") {
					key(n.Index)
				}
			case *ast.CallExpr:
				switch f := n.Fun.(type) {
				case *ast.Ident:
					if functions[f.Name] {
						key(n.Args[1])
					}
				case *ast.SelectorExpr:
					switch {
					case methods[f.Sel.Name]:
						key(n.Args[0])
					case strings.HasPrefix(f.Sel.Name, "lookup"):
						for _, kind := range n.Args[1:] {
							keyword(kind)
						}
					}
				}
			}
			return true
		})
	}
	require.Greater(t, keywords, 60)
	require.Greater(t, keys, 60)
	for variable, setting := range setBy {
		require.True(t, paths["worker."+setting], "%s is set by no setting %q", variable, setting)
	}
	for _, key := range append(portKeys, mainKeys...) {
		require.True(t, paths[key], "there is no setting %q", key)
	}
	for _, s := range settings {
		for word := range strings.FieldsSeq(s.Of + " " + s.Kinds) {
			require.True(t, isKeyword(word) || s.Later, "setting %s: no declaration starts with %q", s.Key, word)
		}
	}
}

// literalText is what a literal string says.
func literalText(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// isField reports whether an expression is a field of some variable.
func isField(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == name
}
