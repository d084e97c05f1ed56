package main

import "context"

type OtherPorts struct{}

func shout(ctx context.Context, p *ShoutPorts) error { return nil } // ERROR "^MP0503 shout: func shout takes .ShoutPorts, the ports of a declaration that is not there; remove it; or"

func other(p *OtherPorts) {}

func help(p *YellPorts, q *RestPorts) {}

func main() {}
