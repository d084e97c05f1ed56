package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// held is a promise, and the tests that hold it: "folder: TestA, TestB; other: TestC".
type held struct{ promise, by string }

// afterDeaths are the promises of the last table of from-python.md, by its first column.
var afterDeaths = []held{
	{"a worker of a pool is killed, or calls exit, in a task", "runtime: TestDeadlockMatrix, TestFailuresOfTasks, TestMapGivesErrorsInTheirPlace, TestMapSurvivesTheDeathsOfItsWorkers, TestDeadTaskIsTriedAgain"},
	{"an error or a result of a task can't be decoded", "runtime: TestDeadlockMatrix, TestTaskThatCannotTravelFailsAlone, TestCutErrorsAreCorruptAndNeverNil"},
	{"the initializer fails", "runtime: TestDeadlockMatrix, TestServiceThatCannotBeOpenedEndsTheRun"},
	{"`join` of a process that has put 1 MiB into a queue that nobody reads", "runtime: TestEndOfAProcessDoesNotWaitForReaders; compiler: TestWrongPipelinesAreRefused"},
	{"a process puts an item and exits at once", "runtime: TestWhatWasSentBeforeASuddenEndArrives"},
	{"a process is killed in the middle of `put`", "runtime: TestDeathInTheMiddleOfAnItemLeavesNone; runtime/internal/ring: TestDeathAfterEachInstruction"},
	{"a process is killed in `get`", "runtime: TestReaderThatWaitsMayDie"},
	{"a process is killed in `Event.wait` or `Condition.wait`", "runtime: TestDeathOfWhoWaitsForAnEventHindersNobody, TestDeathOfWhoWaitsAtAConditionUsesUpNoNotification"},
	{"a party of a barrier is killed", "runtime: TestDeathOfAPartyBreaksTheBarrier"},
	{"the consumer of a JoinableQueue dies before `task_done`", "runtime: TestReaderThatWorksMayDie, TestJoinWhileReadersDie, TestItemOfADeadReceiverComesAgain"},
	{"the holder of a lock is killed", "runtime: TestDeathOfAHolderIsToldToEveryone, TestDeathInTheMiddleOfAChangeOfAValueIsNone, TestValueIsNeverSeenTornThoughWritersDie"},
	{"the other end of a pipe dies in the middle of a message", "runtime: TestPipeTellsOfADeathInTheMiddleOfAMessage, TestPipeTellsASenderOfADeath"},
	{"the program is killed", "runtime: TestNothingOutlivesAKilledProgram, TestNoneOnDemandOutlivesAKilledProgram; e2e: TestAKilledProgramLeavesNoProcess"},
	{"the manager is killed", "runtime: TestServiceWorkerThatDiesIsOpenedAgain, TestManagedObjectsSurviveTheirCallers"},
	{"two processes do `v.value += 1`, 20000 times each", "runtime: TestProcessesAddToNumbers"},
	{"`put(lambda: 0)`", "compiler: TestWrongPipelinesAreRefused"},
	{"a callback raises", "runtime: TestDoneClosesWithoutAnybodyWaiting"},
}

var functions = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// testsOf are the names of the tests of a folder.
func testsOf(t *testing.T, folder string) map[string]bool {
	files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
	require.NoError(t, err)
	tests := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range functions.FindAllSubmatch(text, -1) {
			tests[string(m[1])] = true
		}
	}
	return tests
}

func TestPromisesToThoseFromPythonAreHeldByTests(t *testing.T) {
	folders := map[string]map[string]bool{}
	for _, row := range afterDeaths {
		for part := range strings.SplitSeq(row.by, "; ") {
			folder, tests, ok := strings.Cut(part, ": ")
			require.True(t, ok, row.by)
			if folders[folder] == nil {
				folders[folder] = testsOf(t, folder)
			}
			for test := range strings.SplitSeq(tests, ", ") {
				require.True(t, folders[folder][test], "%q is held by %s of %s, which is not there: name the test that holds it", row.promise, test, folder)
			}
		}
	}
}

func TestEachLineOfWhatDiesIsAPromise(t *testing.T) {
	text, err := os.ReadFile("from-python.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(text), "\n## When something dies\n")
	require.True(t, ok)
	var lines, promises []string
	for line := range strings.Lines(section) {
		if row, ok := strings.CutPrefix(line, "| "); ok {
			first, _, _ := strings.Cut(row, " | ")
			lines = append(lines, first)
		}
	}
	for _, row := range afterDeaths {
		promises = append(promises, row.promise)
	}
	require.Equal(t, append([]string{"event"}, promises...), lines, "a line without tests, or tests without a line: bring the table of this test and the page together")
}
