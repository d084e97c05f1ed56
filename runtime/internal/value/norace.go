//go:build !race

package value

const racing = false
