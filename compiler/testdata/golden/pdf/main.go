// Package main is a sample for the tests of the compiler.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	mp "github.com/mpgen/mpgen/runtime"
)

// ErrPassword keeps its identity on the way from the worker to the handler.
var ErrPassword = errors.New("password needed")

func init() { mp.KeepErrors(ErrPassword) }

// renderer is one worker's state: opened in it, closed with it.
type renderer struct{ fonts string }

func openPdf(_ context.Context, fonts string) (Pdf, error) { return renderer{fonts}, nil }

func (r renderer) Info(_ context.Context, doc []byte) (Info, error) {
	return Info{len(doc), time.Unix(int64(len(r.fonts)), 0).UTC()}, nil
}

func (r renderer) Render(_ context.Context, doc []byte, page int, dpi float64) ([]byte, error) {
	switch string(doc) {
	case "secret":
		return nil, ErrPassword
	case "evil":
		panic("bad pointer")
	case "endless":
		select {}
	}
	return fmt.Appendf(nil, "%s, page %d, %v dpi", doc, page, dpi), nil
}

// server knows only the interface: a test gives it a fake or a renderer.
type server struct{ pdf Pdf }

func (s server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	doc, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	page, _ := strconv.Atoi(r.FormValue("page"))
	ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
	defer cancel()

	png, err := s.pdf.Render(ctx, doc, page, 150)
	var died *mp.Died
	switch {
	case err == nil:
		w.Write(png)
	case errors.Is(err, ErrPassword):
		http.Error(w, "password needed", http.StatusForbidden)
	case errors.Is(err, context.DeadlineExceeded):
		http.Error(w, "too slow", http.StatusGatewayTimeout)
	case errors.As(err, &died):
		http.Error(w, "this document crashes the renderer", http.StatusUnprocessableEntity)
	default:
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func main() {
	mp.Main()
	run, err := Start(context.Background(), Args{PdfFonts: "/usr/share/fonts"})
	if err != nil {
		log.Fatal(err)
	}
	defer run.Close()
	for _, pdf := range []Pdf{renderer{}, run.Pdf} {
		for _, doc := range []string{"good", "secret", "evil", "endless", "good again"} {
			if _, here := pdf.(renderer); here && strings.HasPrefix(doc, "e") {
				continue
			}
			answer := httptest.NewRecorder()
			server{pdf}.ServeHTTP(answer, httptest.NewRequest("POST", "/?page=3", bytes.NewReader([]byte(doc))))
			fmt.Println(answer.Code, strings.TrimSpace(answer.Body.String()))
		}
	}
	fmt.Println(run.Pdf.Info(context.Background(), make([]byte, 1<<20)))
}
