package library

import "context"

// A library's pipeline is started by programs that call mp.Main.
func Do() { Start(context.Background()) }
