package pool

import "context"

func text(_ context.Context, path string) (string, error) { return path + path, nil }
