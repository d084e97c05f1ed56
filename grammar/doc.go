// Package grammar turns the text of one .mp file into a syntax tree, and the mistakes in it into errors at exact places.
//
// In comes a file name, for positions only, and bytes, any bytes. Out go a *File that is syntax and nothing else (numbers
// and strings as written, every name with its span, every comment beside what it speaks of) and a list of Errors. The tree
// says nothing of what a queue is; the advice in errors alone knows (hint, unknown). Anyone may call; Parse keeps no state and is safe for any number of goroutines.
//
// The grammar is LL(1): each declaration starts with its keyword, and a newline ends an item by Go's semicolon rule. It is
// written once, in the field tags of the tree's types, from which participle makes the parser. Words such as "queue" are
// keywords only where the grammar asks for them, so a field may be called value; only Go's own keywords are reserved,
// since every name becomes a name in Go.
//
// The hard part is to report several mistakes of one file and no consequences of them, as participle stops at the first.
// The parser reads declaration by declaration. When one fails at a token, the smallest item around that token (a field, a
// setting, a declaration) is taken out of the token list, and the declaration is read again; what is left is sound, so
// another failure is another mistake. Brackets are paired over the whole file beforehand, which tells where an item ends.
// A block that nobody closed is closed before the next declaration that starts in the first column.
//
// What was wanted in the place of a wrong token is asked of the grammar itself: the tokens before it, followed by one
// candidate after the other, are parsed again, and those that go through are named in the message.
//
// Format is the way back, from a tree to its one canonical text.
package grammar
