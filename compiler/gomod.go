package compiler

import (
	"go/build"
	"go/version"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Where packages of other modules lie is in go.mod: since Go 1.17 that of the main
// module lists all modules it needs packages of, with the versions that are chosen.
// So the folder follows from the file, and the go command, which takes longer than
// all of mpgen, is asked only where something else has a say: a workspace, another
// file instead of go.mod, an older one.

// goModule is the module that is being compiled.
type goModule struct {
	path, dir string                            // of none they are ""
	simple    bool                              // go.mod tells it all
	require   map[string]module.Version         // by module path
	replace   map[module.Version]module.Version // without versions: of all, by a folder
}

// moduleOf reads the go.mod of the module that a folder lies in.
func moduleOf(folder string) *goModule {
	m := &goModule{require: map[string]module.Version{}, replace: map[module.Version]module.Version{}}
	for dir := folder; dir != ""; {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			m.dir = dir
			m.parse(text)
			return m
		}
		up := filepath.Dir(dir)
		if up == dir {
			break
		}
		dir = up
	}
	return m
}

// parse reads what matters of a go.mod. One that can't be read as a whole is for the go
// command.
func (m *goModule) parse(text []byte) {
	file, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		m.path = modfile.ModulePath(text)
		return
	}
	if file.Module != nil {
		m.path = file.Module.Mod.Path
	}
	m.simple = file.Go != nil && version.Compare("go"+file.Go.Version, "go1.17") >= 0
	for _, r := range file.Require {
		m.require[r.Mod.Path] = r.Mod
	}
	for _, r := range file.Replace {
		m.replace[r.Old] = r.New
	}
}

// dependency is the folder of a package of another module, or "" if the go command
// has to say.
func (m *goModule) dependency(path string) string {
	if !m.simple || strings.Contains(goEnv("GOFLAGS"), "-mod") || m.inWorkspace() {
		return ""
	}
	if dir := filepath.Join(m.dir, "vendor", filepath.FromSlash(path)); hasFile(filepath.Join(m.dir, "vendor", "modules.txt")) {
		if isDir(dir) {
			return dir
		}
		return ""
	}
	for of := path; of != ""; of = parent(of) {
		v, ok := m.require[of]
		if !ok {
			continue
		}
		dir := filepath.Join(m.folder(v), filepath.FromSlash(path[len(of):]))
		if hasGoFiles(dir) {
			return dir
		}
	}
	return ""
}

// requires says whether a package may be of a module within this one's path.
func (m *goModule) requires(path string) bool {
	for of := path; len(of) > len(m.path); of = parent(of) {
		if _, ok := m.require[of]; ok {
			return true
		}
	}
	return false
}

// folder is where a version of a module lies, or "" if it has none.
func (m *goModule) folder(v module.Version) string {
	to, ok := m.replace[v]
	if !ok {
		to, ok = m.replace[module.Version{Path: v.Path}]
	}
	if ok && to.Version == "" {
		if filepath.IsAbs(to.Path) {
			return to.Path
		}
		return filepath.Join(m.dir, filepath.FromSlash(to.Path))
	}
	if ok {
		v = to
	}
	path, err := module.EscapePath(v.Path)
	if err != nil {
		return ""
	}
	at, err := module.EscapeVersion(v.Version)
	if err != nil {
		return ""
	}
	return filepath.Join(moduleCache(), filepath.FromSlash(path)+"@"+at)
}

// inWorkspace says whether a go.work may choose other versions.
func (m *goModule) inWorkspace() bool {
	if work := os.Getenv("GOWORK"); work != "" {
		return work != "off"
	}
	for dir := m.dir; ; dir = filepath.Dir(dir) {
		if hasFile(filepath.Join(dir, "go.work")) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// moduleCache is the folder of the modules that were downloaded.
func moduleCache() string {
	if dir := goEnv("GOMODCACHE"); dir != "" {
		return dir
	}
	paths := goEnv("GOPATH")
	if paths == "" {
		paths = build.Default.GOPATH
	}
	first, _, _ := strings.Cut(paths, string(filepath.ListSeparator))
	return filepath.Join(first, "pkg", "mod")
}

// goEnv is a variable of the go command: of the environment, or of the file that
// go env -w writes.
func goEnv(name string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	file := os.Getenv("GOENV")
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		file = filepath.Join(dir, "go", "env")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// parent is the import path above, or "".
func parent(path string) string {
	return path[:max(0, strings.LastIndexByte(path, '/'))]
}

func hasGoFiles(dir string) bool {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			return true
		}
	}
	return false
}

func hasFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
