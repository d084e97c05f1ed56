// Prefork is an HTTP server of four processes on one socket. The kernel gives each
// connection to one of those that wait for it, so that nobody stands between.
//
//	go run ./examples/prefork :8080
//	curl localhost:8080/            # tells who answers
//	curl localhost:8080/crash       # costs this connection, and no other
package main

//go:generate go run github.com/mpgen/mpgen/cmd/mpgen generate

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	mp "github.com/mpgen/mpgen/runtime"
)

func serve(ctx context.Context, p *ServePorts, socket *os.File) error {
	listener, err := net.FileListener(socket)
	if err != nil {
		return err
	}
	socket.Close() // the listener has its own
	server := &http.Server{Handler: answers(p)}
	stopped := context.AfterFunc(ctx, func() { server.Shutdown(context.WithoutCancel(ctx)) })
	defer stopped()
	if err := server.Serve(newOne(listener)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return ctx.Err()
}

func answers(p *ServePorts) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // so that others have their turn
		fmt.Fprintf(w, "process %d of %d, answer %d\n", p.Instance, p.Instances, p.Served.Add(1))
	})
	mux.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) {
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Signal(syscall.SIGSEGV) // as a mistake in a C library would
		}
		select {}
	})
	return mux
}

func main() {
	mp.Main()
	addr := "localhost:8080"
	if len(os.Args) > 1 {
		addr = os.Args[1]
	}
	if err := prefork(addr); err != nil {
		log.Fatal(err)
	}
}

// prefork serves until it is interrupted.
func prefork(addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	fmt.Println("listening on", listener.Addr())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run, err := Start(ctx, Args{ServeSocket: socket}, mp.NoSignals())
	if err != nil {
		return err
	}
	defer run.Close()
	// Connections that nobody has taken yet wait in the socket, also while a process
	// is started again.
	if err := run.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	fmt.Println(run.Served.Load(), "answers")
	return nil
}
