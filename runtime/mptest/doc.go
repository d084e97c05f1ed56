// Package mptest is for the tests of programs that mpgen generates.
//
// A run that is started under [Context] is watched: it is closed at the end of the
// test, which fails if the run was stopped by an error that the test did not see,
// or if anything is left of it.
//
//	func TestMain(m *testing.M) { mptest.Main(m) }
//
//	func TestEverythingIsCounted(t *testing.T) {
//		run, err := Start(mptest.Context(t), Args{Root: "testdata"})
//		if err != nil {
//			t.Fatal(err)
//		}
//		if err := run.Wait(); err != nil {
//			t.Fatal(err)
//		}
//	}
//
// [Stage] runs one pool of a pipeline without the rest of it. [Kill], [Exhaust],
// [Hang] and [Resume] do to a process what befalls it in a bad moment, and [Busy]
// and [Eventually] wait for the right one.
//
// Everything here is called on the goroutine of the test, as t.Fatal is. What is
// left is looked for in the whole program, so such tests don't call t.Parallel.
package mptest
