// Command app does what its first argument says, for the tests of mpgen run.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	job := Job{Path: "ran"}
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "exit":
		fmt.Println("exit")
		os.Exit(7)
	case "die":
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	case "read":
		line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
		fmt.Print("read ", line)
	case "signals":
		got := make(chan os.Signal, 8)
		signal.Notify(got, syscall.SIGTERM, syscall.SIGINT)
		fmt.Println("ready")
		fmt.Println("got", <-got)
		select {
		case s := <-got:
			fmt.Println("and", s)
		default:
		}
	default:
		fmt.Println(os.Args[1:], job.Path, os.Getenv("MPGEN_PROGRESS"))
	}
}
