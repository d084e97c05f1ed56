package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
)

// asProgram makes the test binary the program itself.
const asProgram = "CRAWL_AS_PROGRAM"

func TestMain(m *testing.M) {
	mp.Main()
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// site writes a folder of pages, each of which leads to three more, one back, one
// that is not there and some outside. It returns a line for each page.
func site(t *testing.T, pages int) (root string, want []string) {
	root = t.TempDir()
	name := func(i int) string {
		if i == 0 {
			return "index.html"
		}
		return fmt.Sprintf("%d/page%d.html", i%7, i)
	}
	depth := make([]int, pages)
	for i := range pages {
		var b strings.Builder
		fmt.Fprintf(&b, "<html><title>Page\n %d</title><a href='/index.html'>home</a>", i)
		for k := 3*i + 1; k <= 3*i+3 && k < pages; k++ {
			depth[k] = depth[i] + 1
			fmt.Fprintf(&b, `<p><A class=x HREF="/%s#top">%d</a>`, name(k), k)
		}
		fmt.Fprintf(&b, `<a href="lost.html">x</a><a href="http://example.com/">x</a><a href="../../../etc/passwd">x</a><a href="#here">x</a>`)
		path := filepath.Join(root, name(i))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o644))
		want = append(want, fmt.Sprintf("%d %s Page %d", depth[i], name(i), i))
	}
	slices.SortFunc(want, func(a, b string) int { return strings.Compare(strings.Fields(a)[1], strings.Fields(b)[1]) })
	return root, want
}

func TestEachPageIsReadOnce(t *testing.T) {
	for _, engine := range []string{"processes", "goroutines", "inline"} {
		t.Run(engine, func(t *testing.T) {
			if engine == "processes" && runtime.GOOS != "linux" {
				t.Skip("needs processes")
			}
			root, want := site(t, 200)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, os.Args[0], root)
			cmd.Env = append(os.Environ(), asProgram+"=1", mp.EngineVariable+"="+engine)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			require.NoError(t, cmd.Run(), &stderr)
			lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
			require.Equal(t, append(want, "200 pages, 8 links to nowhere"), lines)
		})
	}
}

func TestDepthBoundsTheCrawl(t *testing.T) {
	root, _ := site(t, 100)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-depth", "1", root)
	cmd.Env = append(os.Environ(), asProgram+"=1", mp.EngineVariable+"=goroutines")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Equal(t, "1 1/page1.html Page 1\n1 2/page2.html Page 2\n1 3/page3.html Page 3\n0 index.html Page 0\n4 pages, 1 links to nowhere\n", string(out))
}

func TestLinksLeadBelowTheFolder(t *testing.T) {
	for href, want := range map[string]string{
		"a.html": "b/a.html", "/a.html": "a.html", "../a.html?x=1#y": "a.html", "../../a.html": "", "/../../a.html": "a.html",
		"#here": "", "mailto:a@example.com": "", "//example.com/a.html": "", "%zz": "",
	} {
		to, ok := local("b/page.html", href)
		require.Equal(t, want != "", ok, href)
		if ok {
			require.Equal(t, want, to, href)
		}
	}
}
