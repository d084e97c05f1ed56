// Package grammar turns the text of a .mp file into a syntax tree.
package grammar
