package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/mpgen/mpgen/compiler"
	"github.com/mpgen/mpgen/internal/generated"
)

// folder is a folder with .mp files, or one that has only an mpgen.go of former times.
type folder struct {
	shown string // as the user named it
	input compiler.Input
}

// orphaned reports whether the folder has a generated file and nothing to generate it from.
func (f folder) orphaned() bool { return len(f.input.Sources) == 0 }

// file is the path of one of the folder's files, to open and to show.
func (f folder) file(name string) string { return shown(f.shown, name) }

// shown joins a folder and a name with forward slashes, and leaves out a leading "./" as the go command does.
func shown(dir, name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }

// findFolders reads the folders that the arguments name: a folder, a .mp file, which stands for its folder, or a pattern
// folder/... with the meaning that it has for the go command. Without arguments it is the current folder.
func findFolders(args []string) ([]folder, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var found []folder
	seen := map[string]bool{}
	for _, arg := range args {
		dirs, err := expand(arg)
		if err != nil {
			return nil, err
		}
		before := len(found)
		for _, dir := range dirs {
			f, err := readFolder(dir)
			if err != nil {
				return nil, err
			}
			if f == nil {
				continue
			}
			if seen[f.input.Dir] {
				before = -1
				continue
			}
			seen[f.input.Dir] = true
			found = append(found, *f)
		}
		if len(found) == before {
			return nil, fmt.Errorf("no .mp files in %q", arg)
		}
	}
	return found, nil
}

// expand lists the folders that one argument stands for.
func expand(arg string) ([]string, error) {
	if isPattern(arg) {
		root := strings.TrimSuffix(strings.TrimSuffix(filepath.ToSlash(arg), "..."), "/")
		switch {
		case arg == "...":
			root = "."
		case root == "":
			root = "/"
		}
		return below(filepath.FromSlash(root))
	}
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("no file or folder %q", arg)
	case err != nil:
		return nil, err
	case info.IsDir():
		return []string{arg}, nil
	case filepath.Ext(arg) != ".mp":
		return nil, fmt.Errorf("%q is no .mp file and no folder", arg)
	}
	return []string{filepath.Dir(arg)}, nil
}

// isPattern reports whether an argument stands for a folder and all below.
func isPattern(arg string) bool {
	return arg == "..." || strings.HasSuffix(filepath.ToSlash(arg), "/...")
}

// below lists root and all folders in it, without those that the go command leaves out: testdata, vendor, names that start
// with a dot or an underscore, and other modules.
func below(root string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if p != root {
			name := d.Name()
			if name == "testdata" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(p, "go.mod")); err == nil {
				return filepath.SkipDir
			}
		}
		dirs = append(dirs, p)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no folder %q", root)
	}
	return dirs, err
}

// sources lists the .mp files of a folder.
func sources(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if filepath.Ext(e.Name()) == ".mp" && !strings.HasPrefix(e.Name(), ".") && !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// readFolder reads the .mp files of a folder. It returns nil for a folder that is none of mpgen's business.
func readFolder(dir string) (*folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	names, err := sources(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{shown: dir, input: compiler.Input{Dir: abs, Version: version, Footprint: sharedMemory}}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		f.input.Sources = append(f.input.Sources, compiler.Source{Name: f.file(name), Text: text})
	}
	if f.orphaned() {
		old, err := os.ReadFile(filepath.Join(dir, compiler.FileName))
		if err != nil || !generated.Text(old) {
			return nil, nil
		}
	}
	slices.SortFunc(f.input.Sources, func(a, b compiler.Source) int { return strings.Compare(a.Name, b.Name) })
	m, err := moduleOf(abs)
	if err != nil {
		return nil, err
	}
	f.input.ImportPath, err = m.importPath(abs)
	return f, err
}

// module is the module that a folder is in.
type module struct {
	path string // "": there is none
	root string
	text string // of its go.mod
}

// moduleOf finds the module of a folder, which need not exist.
func moduleOf(dir string) (module, error) {
	for root := dir; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if err == nil {
			m := module{modulePath(text), root, string(text)}
			if m.path == "" {
				return m, fmt.Errorf("%q has no module line", filepath.Join(root, "go.mod"))
			}
			return m, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return module{}, err
		}
		if root == filepath.Dir(root) {
			return module{}, nil
		}
	}
}

// importPath is how Go imports the package in a folder of the module, or, where there is no module, the folder's name.
func (m module) importPath(dir string) (string, error) {
	if m.path == "" {
		return filepath.Base(dir), nil
	}
	rel, err := filepath.Rel(m.root, dir)
	return path.Join(m.path, filepath.ToSlash(rel)), err
}

// modulePath is the path that a go.mod says its module has, or "".
func modulePath(text []byte) string {
	if file, err := modfile.ParseLax("go.mod", text, nil); err == nil && file.Module != nil {
		return file.Module.Mod.Path
	}
	return modfile.ModulePath(text)
}
