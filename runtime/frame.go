package mp

import "errors"

// The frames on the lines between a process and its parent.
const (
	frameArgs     = 1 + iota // down: the arguments of a process or service
	frameTask                // down: deadline, then the arguments of tasks from ID on, each behind its length
	frameReady               // up: the process stands
	frameOpened              // up: the worker has opened what runs its tasks, send it some
	frameResult              // up: what a task returned
	frameFailure             // up: the error that a task returned
	frameLate                // up: the task ended because its time was up
	frameReturned            // up: what the function of a process returned, or why a worker can't open
	frameGaveUp              // up: a stage's task failed for good, and the run is to stop
	frameEnded               // up: a stage has seen the end of input ID
	frameClosed              // up: the process closed its end of queue ID
	frameCall                // on the line for calls: pool, deadline, the arguments
	frameCancel              // there: call ID is given up
	frameStack               // up: a part of the stacks of its goroutines, for question ID
	frameWaits               // up: what they wait for, which ends the answer to question ID
	frameTrouble             // up: an error of the tasks of a stage, and how often it came
	frameRecord              // up: a record for the log, of task ID
	frameManaged             // on the line for calls: a managed object, nothing, what is asked of it
	frameStart               // on the line for calls: start a process of a party; deadline, arguments
	frameOrder               // there: what the process that call ID has started is to do
	frameStarted             // on the line for answers: the process of call ID has a number now, or none; its name
	frameOver                // there: the process of call ID has ended, or was not started; whether it obeyed, the error
	frameLeaving             // up: the worker takes nothing more, and closes what it has opened
	frameBatch               // down: deadline, then the tasks of a batch, each behind its number and length; ID is the first one's
)

// errorFrame encodes err for a frame.
func errorFrame(err error) []byte {
	if err == nil {
		return nil
	}
	var e Encoder
	e.reset(nil, maxErrorSize)
	putError(&e, err)
	if e.err != nil {
		e.reset(nil, maxErrorSize)
		putError(&e, errors.New(clip(err.Error(), 1<<12)))
	}
	return e.bytes()
}

// decodeError is the error of a frame.
func decodeError(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	var d Decoder
	d.reset(data)
	err := getError(&d)
	if d.err != nil {
		return d.err
	}
	return err
}

func clip(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

// maxCause is the most bytes of the error with which a queue ends.
const maxCause = 2000

// causeFrame is errorFrame where there is little room: texts are cut.
func causeFrame(err error) []byte {
	data := errorFrame(err)
	for n := maxCause / 2; len(data) > maxCause && n > 0; n /= 2 {
		data = errorFrame(shortened(err, n))
	}
	if len(data) > maxCause {
		data = errorFrame(errors.New(clip(err.Error(), maxCause/2)))
	}
	return data
}

// shortened is err with each text cut to n bytes, for where there is little room.
func shortened(err error, n int) error {
	switch x := err.(type) {
	case nil:
		return nil
	case *Error:
		short := *x
		short.Err = shortened(x.Err, n)
		return &short
	case *Died:
		short := *x
		short.Panic, short.Stderr = clip(x.Panic, n), clip(x.Stderr, n)
		return &short
	case *Remote:
		short := &Remote{Text: clip(x.Text, n)}
		for _, k := range x.kept {
			short.kept = append(short.kept, shortened(k, n))
		}
		return short
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		return shortened(remote(err), n)
	}
	return err
}
