package compiler

import (
	"go/build"
	"go/version"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// Where packages of other modules lie is in go.mod: since Go 1.17 that of the main
// module lists all modules it needs packages of, with the versions that are chosen.
// So the folder follows from the file, and the go command, which takes longer than
// all of mpgen, is asked only where something else has a say: a workspace, another
// file instead of go.mod, an older one.

// goModule is the module that is being compiled.
type goModule struct {
	path, dir string            // of none they are ""
	simple    bool              // go.mod tells it all
	require   map[string]string // versions, by module path
	replace   map[string]string // "path version" or "path", to the same of another, or to a folder
}

// moduleOf reads the go.mod of the module that a folder lies in.
func moduleOf(folder string) *goModule {
	m := &goModule{require: map[string]string{}, replace: map[string]string{}}
	for dir := folder; dir != ""; {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			m.dir = dir
			m.parse(string(text))
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

// parse reads what matters of a go.mod; the rest is for others to complain about.
func (m *goModule) parse(text string) {
	block := ""
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		for i, word := range words {
			if unquoted, err := strconv.Unquote(word); err == nil {
				words[i] = unquoted
			}
		}
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		case block != "":
			words = append([]string{block}, words...)
		}
		m.directive(words[0], words[1:])
	}
}

func (m *goModule) directive(verb string, words []string) {
	switch {
	case verb == "module" && len(words) == 1:
		m.path = words[0]
	case verb == "go" && len(words) == 1:
		m.simple = version.Compare("go"+words[0], "go1.17") >= 0
	case verb == "require" && len(words) == 2:
		m.require[words[0]] = words[1]
	case verb == "replace":
		for i, word := range words {
			if word == "=>" && i > 0 && i+1 < len(words) {
				m.replace[strings.Join(words[:i], " ")] = strings.Join(words[i+1:], " ")
			}
		}
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
		dir := filepath.Join(m.folder(of, v), filepath.FromSlash(path[len(of):]))
		if hasGoFiles(dir) {
			return dir
		}
	}
	return ""
}

// requires says whether a package may be of a module within this one's path.
func (m *goModule) requires(path string) bool {
	for of := path; len(of) > len(m.path); of = parent(of) {
		if m.require[of] != "" {
			return true
		}
	}
	return false
}

// folder is where a version of a module lies.
func (m *goModule) folder(path, v string) string {
	to, ok := m.replace[path+" "+v]
	if !ok {
		if to, ok = m.replace[path]; !ok {
			to = path + " " + v
		}
	}
	path, v, ok = strings.Cut(to, " ")
	switch {
	case ok:
		return filepath.Join(moduleCache(), filepath.FromSlash(escaped(path))+"@"+escaped(v))
	case filepath.IsAbs(path):
		return path
	}
	return filepath.Join(m.dir, filepath.FromSlash(path))
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

// escaped is a module path or a version as folders are called, which may not tell
// small letters from capital ones.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
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
