package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	mp "github.com/mpgen/mpgen/runtime"
)

// asProgram makes the test binary the program itself.
const asProgram = "THUMBS_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	mp.Main()
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err = cmd.Run()
	return out.String(), complaints.String(), err
}

// picture is one that is red on the left and blue on the right.
func picture(w, h int) image.Image {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if p.Set(x, y, color.RGBA{B: 255, A: 255}); x < w/2 {
				p.Set(x, y, color.RGBA{R: 255, A: 255})
			}
		}
	}
	return p
}

func encoded(t *testing.T, encode func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, encode(&b))
	return b.String()
}

func TestEachBrokenPictureCostsOnlyItself(t *testing.T) {
	wide, tall, small := picture(400, 100), picture(30, 300), picture(20, 10)
	asPNG := encoded(t, func(w io.Writer) error { return png.Encode(w, wide) })
	folder, thumbs := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"wide.png":      asPNG,
		"a/tall.jpeg":   encoded(t, func(w io.Writer) error { return jpeg.Encode(w, tall, nil) }),
		"a/small.JPG":   encoded(t, func(w io.Writer) error { return jpeg.Encode(w, small, nil) }),
		"a/b/wide.gif":  encoded(t, func(w io.Writer) error { return gif.Encode(w, wide, nil) }),
		"cut.png":       asPNG[:len(asPNG)/2],
		"empty.gif":     "",
		"text.png":      "no picture",
		"a/crash.png":   "CRASH",
		"a/spin.gif":    "SPIN",
		"a/b/hoard.jpg": "HOARD",
		"notes.txt":     "no picture, and none by its name",
	} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}

	out, complaints, err := program(t, "-size", "50", folder, thumbs)
	require.NoError(t, err, complaints)
	for i, want := range []string{
		`a/b/hoard\.jpg: resize\[\d\]: out of memory \(after 2 attempts\)`,
		`a/crash\.png: resize\[\d\]: .*SIGSEGV.* \(after 2 attempts\)`,
		`a/spin\.gif: resize\[\d\]: context deadline exceeded: killed by signal 9 \(killed\) \(after 2 attempts\)`,
		`cut\.png: resize\[\d\]: (png: .*|unexpected EOF)`,
		`empty\.gif: resize\[\d\]: image: unknown format`,
		`text\.png: resize\[\d\]: image: unknown format`,
		`4 thumbnails, 6 pictures failed`,
	} {
		lines := strings.Split(out, "\n")
		require.Greater(t, len(lines), i, out)
		require.Regexp(t, regexp.MustCompile("^"+want+"$"), lines[i])
	}
	require.Contains(t, complaints, "fatal error: fault", "what the dead workers said")

	for name, size := range map[string]image.Point{
		"wide.png.jpg":     {50, 12},
		"a/tall.jpeg.jpg":  {5, 50},
		"a/small.JPG.jpg":  {20, 10},
		"a/b/wide.gif.jpg": {50, 12},
	} {
		f, err := os.Open(filepath.Join(thumbs, name))
		require.NoError(t, err)
		p, err := jpeg.Decode(f)
		f.Close()
		require.NoError(t, err)
		require.Equal(t, size, p.Bounds().Size(), name)
		r, _, b, _ := p.At(0, size.Y/2).RGBA()
		require.Greater(t, r, b, "%s is red on the left", name)
		r, _, b, _ = p.At(size.X-1, size.Y/2).RGBA()
		require.Greater(t, b, r, "%s is blue on the right", name)
	}
}

func TestAFolderWithoutPicturesMakesNone(t *testing.T) {
	out, complaints, err := program(t, t.TempDir(), t.TempDir())
	require.NoError(t, err, complaints)
	require.Equal(t, "0 thumbnails, 0 pictures failed\n", out)
}
