//go:build never

package main

func onlyThere() {}
