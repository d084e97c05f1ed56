package mp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGeneratedCodeOfAnotherVersionDoesNotCompile(t *testing.T) {
	compile := func(form int) error {
		set := token.NewFileSet()
		runtime, err := parser.ParseFile(set, "version.go", nil, 0)
		require.NoError(t, err)
		guard, err := parser.ParseFile(set, "guard.go", fmt.Sprintf(
			"package mp\nconst (\n_ = EnforceVersion(%d - MinVersion)\n_ = EnforceVersion(MaxVersion - %[1]d)\n)", form), 0)
		require.NoError(t, err)
		_, err = new(types.Config).Check("mp", set, []*ast.File{runtime, guard}, nil)
		return err
	}
	for form := MinVersion; form <= MaxVersion; form++ {
		require.NoError(t, compile(form))
	}
	require.ErrorContains(t, compile(MinVersion-1), "overflows")
	require.ErrorContains(t, compile(MaxVersion+1), "overflows")
}
