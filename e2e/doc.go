// Package e2e holds tests of whole programs: .mp files and Go in a module of
// their own, generated, built and run as a user would do it, with the mistakes
// that users make when they start.
//
// Nothing is exported and nothing goes in or out. The programs stand in
// programs.txtar; the tests build all of them once, with the go command and the
// mpgen command of this repository, and need no network. Processes exist on
// Linux only, and so do the tests; go test -short leaves them out.
package e2e
