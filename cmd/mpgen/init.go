package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"
)

// scaffold is the pipeline that init writes.
//
//go:embed scaffold.txtar
var scaffold []byte

// toolPath is the import path of this command, as go.mod names a tool.
const (
	modulePrefix = "github.com/mpgen/mpgen"
	toolPath     = modulePrefix + "/cmd/mpgen"
)

func initCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init [folder]",
		Short: "Write a small pipeline to start from",
		Long: "init writes a program that works: a .mp file, the functions that it names, main.go and mpgen.go. The folder is\n" +
			"in a module, has no Go and no .mp files yet, and is made if it does not exist. The default is the current one.\n\n" +
			"For a package that is there already, write a .mp file; generate adds the functions that it wants.",
		Example: "  mpgen init\n  mpgen init ./cmd/shrink",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := "."
		if len(args) > 0 {
			dir = args[0]
		}
		return initialise(cmd, dir)
	}
	return cmd
}

// initialise writes the scaffold into a folder, generates, and tells what to do next.
func initialise(cmd *cobra.Command, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	module, err := moduleOf(abs)
	if err != nil {
		return err
	}
	if module.path == "" {
		name := pipelineName(filepath.Base(abs))
		return fmt.Errorf("no go.mod in %q or above it; a module comes first:\n\n  go mod init example.com/%s", dir, name)
	}
	if err := vacant(abs, dir); err != nil {
		return err
	}
	importPath, err := module.importPath(abs)
	if err != nil {
		return err
	}
	if strings.ContainsFunc(importPath, notInPath) {
		return fmt.Errorf("the folder would be imported as %q, which Go refuses; give it a name of plain letters, digits, and - or _", importPath)
	}
	name := pipelineName(path.Base(importPath))
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return err
	}
	for _, f := range txtar.Parse(scaffold).Files {
		file := shown(dir, strings.ReplaceAll(f.Name, "PACKAGE", name))
		if err := createFile(file, []byte(strings.ReplaceAll(string(f.Data), "PACKAGE", name))); err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s\n", file)
	}
	f, err := readFolder(dir)
	if err != nil {
		return err
	}
	g := &generation{findings: plainFindings()}
	if err := g.folder(cmd, *f); err != nil {
		return err
	}
	if err := g.print(cmd); err != nil {
		return err
	}
	fmt.Fprint(cmd.ErrOrStderr(), nextSteps(module, shown(dir, name+".mp"), dir))
	return nil
}

// notInPath reports whether Go refuses a character in the path of a package.
func notInPath(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/", r)
}

// vacant reports why init can't write into a folder, or nil.
func vacant(abs, dir string) error {
	entries, err := os.ReadDir(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); ext == ".go" || ext == ".mp" {
			return fmt.Errorf("%q is there already, and init overwrites nothing and adds to no package; give it a folder of its own, as in: mpgen init %s",
				shown(dir, e.Name()), shown(dir, "pipeline"))
		}
	}
	return nil
}

// pipelineName makes the name of a .mp file of the name of a folder.
func pipelineName(base string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, base)
	if strings.Trim(name, "-_") == "" {
		return "pipeline"
	}
	return name
}

// nextSteps is what to do after init, in five lines at most.
func nextSteps(m module, source, dir string) string {
	here := "."
	if dir = filepath.ToSlash(filepath.Clean(dir)); dir != "." {
		if here = dir; !filepath.IsAbs(dir) && !strings.HasPrefix(dir, "..") {
			here = "./" + dir
		}
	}
	var b strings.Builder
	b.WriteString("Next:\n")
	switch {
	case strings.Contains(m.text, toolPath): // go.mod has it
	case strings.Contains(m.text, modulePrefix+" =>"):
		// For go get a module of a longer path might have the package, and some proxies refuse to say that none does.
		fmt.Fprintf(&b, "  go mod edit -tool %s && go mod tidy   # once in a module\n", toolPath)
	default:
		fmt.Fprintf(&b, "  go get -tool %s   # once in a module\n", toolPath)
	}
	fmt.Fprintf(&b, "  go run %s\n  go generate %s   # after each change of %s; it adds functions that are missing\n", here, here, source)
	return b.String()
}
