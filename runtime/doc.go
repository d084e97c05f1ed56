// Package mp runs the processes of a pipeline over shared memory.
//
// A pipeline is declared in .mp files; mpgen writes the Go that binds them to
// this package. A whole program:
//
//	// square.mp
//	package main
//
//	pool square(n int) int
//
//	// main.go
//	//go:generate go tool mpgen generate
//	package main
//
//	func square(ctx context.Context, n int) (int, error) { return n * n, nil }
//
//	func main() {
//		mp.Main()
//		ctx := context.Background()
//		run, err := Start(ctx)
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer run.Close()
//		for n, err := range run.Square.Map(ctx, slices.Values([]int{1, 2, 3})) {
//			fmt.Println(n, err)
//		}
//	}
//
// The functions are the user's own and plain Go. Each process and each worker of
// a pool is an operating-system process, the same binary executed again, so one
// of them may be killed, crash or run out of memory, and costs the others
// nothing but what it held.
//
// # What a pipeline is made of
//
// A process is a function that runs from start to end, once or in several
// instances, from the start of the pipeline or on demand ([Process]). A queue
// ([Sender], [Receiver]) carries items from processes to processes, in order, and
// ends by itself when nobody is left who could send. A pipe ([Conn]) is two-way,
// between two processes. A pool ([Pool]) calls a function in workers that are
// replaced when they die; a flow makes it a stage between two queues. Numbers
// ([Number]), values of other types ([Value]) and arrays, which are plain slices,
// are seen and changed by all; dicts, lists and sets ([Dict], [List], [Set]) the
// program keeps for all; blocks ([Blocks]) are memory that items carry and nobody
// copies; a lock ([Lock]) keeps processes apart.
//
// # What every blocking call keeps to
//
// It takes a context. It ends with an error when the context ends, when the run
// ends, or when the death of a process makes its wait pointless; it never waits
// for the dead. An error that says a thing was not done means that it was not
// done: an item whose Send fails is not in the queue.
//
// All handles may be used by several goroutines at once.
//
// # What items may be
//
// Items travel as values, never as references: what the receiver gets is its
// own. Types that hold no pointer at all are copied as they lie in memory. All
// others are written and read by a [Codec], which mpgen generates. See [Codec]
// for the form.
//
// # Errors
//
// What goes wrong in another process comes back as an [*Error] that names it,
// around a cause: a [*Died] for a death, a [*Remote] for an error that a
// function returned. [KeepErrors] lets errors.Is find a program's own sentinel
// errors on the other side.
//
// # Who calls what
//
// Users call [Main], the options, and the methods of what generated code hands
// them: [Run] with its [Process] handles and [Stats], [Sender], [Receiver] and
// [Queue], [Pool] with its [Task], [Number], [Value], [Blocks] with their [Block], and [Lock]; [Collect] and [Progress]; and [KeepErrors].
//
// All else is for generated code, which is made anew when it changes:
//
//   - the rows of a pipeline: [Pipeline], [Decl] and all that ends in Decl,
//     [Method], [Sink], [TaskPolicy], [Worker], [Restart], and [EnforceVersion];
//   - what opens them: [Register], [Start], [Arg], [Node], [Client];
//   - the form of items: [Codec] and its constructors, [Encoder] and [Decoder],
//     all that begins with Put or Get, [Hash], [HashString] and [EnumName].
package mp
