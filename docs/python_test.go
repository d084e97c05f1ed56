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

// ofPython are what CPython's own tests of multiprocessing and ProcessPoolExecutor demand, as
// far as it means something in Go, by their classes.
var ofPython = []held{
	{"Process: name, pid, what is active, before and after", "runtime: TestHandlesOfDeclaredProcesses, TestProcessesOnDemand, TestManyAtOnceAndThenOneAfterAnother"},
	{"Process: arguments arrive", "runtime: TestArgumentsReachTheirProcess, TestArgumentsOnDemandHaveTheirSize"},
	{"Process: the ends by terminate and kill are told apart", "runtime: TestStopOfAProcess, TestKillIsACrash, TestSignalFromElsewhereEndsAProcess"},
	{"Process: exit codes and the text of what nobody recovered", "runtime: TestEndOfAProcessReachesWaitAndItsReaders; runtime/internal/proc: TestExitTellsHowAProcessEnded"},
	{"Process: join with a timeout, by anyone", "runtime: TestWaitForAProcessEndsWithItsContext, TestHandlesOfDeclaredProcesses"},
	{"Process: a hundred at once, started and killed", "runtime: TestCloseOfManyOnDemand, TestStormOfKillsOnDemand"},
	{"Process: two levels of recursion, in their order; a child knows who it is, and whose", "runtime: TestEnginesKeepTheirPromises"},
	{"Process: processes start processes and call pools", "runtime: TestStartsUnderDeaths, TestHandleFromAfarSeesRestarts, TestPoolsAreCalledFromProcessesAndWorkers; runtime/internal/proc: TestChildrenNestOnlySoDeep"},
	{"Process: a child whose parent was killed", "runtime: TestDeathOfAStarterStopsWhatItHasStarted, TestDeathInTheMiddleOfGenerations, TestDeathOfTheProgramEndsAllGenerations"},
	{"Process: environment, folder", "runtime: TestEnginesKeepTheirPromises, TestAFolderThatIsNotThereFailsTheStart; runtime/internal/proc: TestAChildIsBornInItsFolderWithItsNiceness"},
	{"Process: a child has no descriptors but its own", "runtime/internal/proc: TestInheritedFilesComeInOrderAndKeepTheirMode, TestAGrandchildInheritsNothingOfOurs, TestGenerationsLeaveNothing"},
	{"Process: a child sees the death of its parent", "runtime/internal/proc: TestNobodyOutlivesAKilledParent, TestAWorkerEndsItsGroupWithTheLifeline"},
	{"Process: arguments that are open files", "runtime: TestOpenFilesAreArguments, TestAFileThatIsNotOpenIsNoArgument"},
	{"Process: a child has no input", "runtime: TestInputIsTheProgramsAlone"},
	{"Process: daemons", "runtime: TestDaemonKeepsNobodyWaiting, TestShutdownEndsDaemons"},
	{"Process: lines of stderr stay whole", "runtime: TestLinesOfProcessesStayWhole; runtime/internal/proc: TestLinesComeWholeUnderLoad"},
	{"Queue: it fills, and put fails or waits until its timeout", "runtime: TestEachItemArrivesOnceAndInOrder, TestWaitForRoomEndsWithItsContext, TestCancelledContextSendsAndReceivesNothing"},
	{"Queue: get of an empty one fails or waits until its timeout", "runtime: TestWaitForAnItemEndsWithItsContext, TestReadyTakesNothingAndWaitsWithoutATurn"},
	{"Queue: qsize", "runtime: TestWhatWasSentBeforeASuddenEndArrives, TestEnginesKeepTheirPromises"},
	{"Queue: task_done and join, with several workers", "runtime: TestJoinWaitsUntilAllThatWasSentIsDone, TestJoinDoesNotWaitForWhatIsSentLater, TestJoinEndsWithItsContextAndWithTheReaders"},
	{"Queue: an item that can't travel harms nobody and takes no place", "runtime: TestItemThatCouldNeverFitIsRefusedAtOnce, TestMarshalersThatFailNameTheirType"},
	{"Queue: put and get of a closed one fail", "runtime: TestHandlesAfterClose, TestSendFailsWhenAllReceiversAreGone"},
	{"Lock, RLock: try, release, again by the same holder", "runtime: TestLockKeepsProcessesAndGoroutinesApart, TestLockObeysItsContext, TestRLockIsTakenAgainByItsContext"},
	{"Semaphore: counts, and its bound", "runtime: TestSemaphoreCounts, TestSemaphoreLetsNoMoreInThanItSays"},
	{"Condition: notify of one, of some, of all; wait_for; timeouts leave nothing", "runtime: TestNotifyWakesAsManyAsItSays, TestWaitForLooksWithTheLockHeld, TestWaitAtAConditionObeysItsContext"},
	{"Event: set, clear, wait", "runtime: TestEventIsWaitedFor, TestWhoWaitedWhenAnEventWasSetGoesOn, TestEventInASelect"},
	{"Barrier: lockstep, an index for each, one action, abort, reset, one party", "runtime: TestBarrierKeepsStep, TestBarrierGivesEachAnIndex, TestBrokenBarrier, TestActionThatFailsBreaksTheBarrier; runtime/internal/meet: TestBarrierOfOnePassesAtOnce"},
	{"Value, Array: writes are seen, of each type; zeroed; fixed in length", "runtime: TestNumbers, TestArraysAreTheSameMemoryEverywhere, TestArrayWithoutALengthIsRefused, TestValueStaysAsItWasAfterAnError"},
	{"Heap: blocks come back, and none overlaps another", "runtime: TestReaderThatWorksMayDie; runtime/internal/ring: TestLargeItemSurvivesItsReaderAndFreesItsBlocks, TestBoundedUnderAllInterleavings"},
	{"SharedMemory: what a killed owner had is freed", "runtime: TestNothingOutlivesAKilledProgram; runtime/internal/proc: TestGenerationsLeaveNothing"},
	{"Containers: dict, list, set and their operations, from processes", "runtime: TestDictIsAMap, TestListIsASlice, TestManagedObjectsAreSharedByProcesses"},
	{"Containers: values are copies, and survive", "runtime: TestSnapshotsStayAsTheyWere, TestManagedObjectsAfterTheEnd"},
	{"Managers: methods that are exposed, and errors of them", "runtime: TestServiceKeepsItsObjectBetweenCalls, TestOtherErrorsKeepTheirTextAndWhatErrorsIsFinds"},
	{"Managers: an error or a panic of a method costs that call", "runtime: TestServiceWorkerThatDiesIsOpenedAgain, TestServiceCallsHaveTimeouts"},
	{"Pool: all forms of calls", "runtime: TestCallReturnsWhatTheFunctionReturns, TestMapGivesResultsInOrder, TestMapUnorderedGivesEachResultOnce, TestGoRunsThousandsOfTasksWithoutGoroutines"},
	{"Pool: an input that can't travel is an error and no hang", "runtime: TestTaskThatCannotTravelFailsAlone, TestDeadlockMatrix"},
	{"Pool: no input; input without an end", "runtime: TestMapGivesResultsInOrder, TestMapOverEndlessInputEndsWithItsLoop"},
	{"joblib: a list, a generator, in any order, with so much ahead; one after the other", "runtime: TestMapGivesResultsInOrder, TestMapUnorderedGivesEachResultOnce, TestCollectStopsAtTheFirstError, TestEnginesKeepTheirPromises"},
	{"joblib, tqdm: progress with time left, of several loops", "runtime: TestProgressOnATerminal, TestProgressElsewhereIsLines, TestNothingIsWrittenAfterTheLoop, TestWhatIsShownIsNotGarbled"},
	{"Pool: get with a timeout, which ends the task", "runtime: TestDeadlineOfTheCallerTravels, TestTaskPastItsTimeout, TestContextOfWaitEndsOnlyTheWait"},
	{"Pool: terminate with thousands of tasks is prompt", "runtime: TestCloseWithManyQueuedTasksReturnsWithinItsGrace, TestCloseDuringAMapFailsWhatIsLeft"},
	{"Pool: use after its end is an error", "runtime: TestHandlesAfterClose, TestCloseOfAServiceInTheMiddle"},
	{"Pool: an error of a task has its text and identity; the others go on", "runtime: TestFailuresOfTasks, TestMapGivesErrorsInTheirPlace, TestRemoteSaysThatAFunctionReturnedIt"},
	{"Pool: results that can't travel cost no worker", "runtime: TestTaskThatCannotTravelFailsAlone"},
	{"Pool: workers are replaced after their tasks", "runtime: TestWorkersAreReplacedAfterTheirTasks, TestWorkersOfAStageAreReplacedAfterTheirTasks"},
	{"Pool: a start that fails leaves nothing", "runtime/internal/proc: TestAFailedStartLeavesNothing"},
	{"Pool: a pool within a process", "runtime: TestCallsOfAProcess, TestNestedCallsSurviveDeaths"},
	{"Connection: large messages, empty ones, the end", "runtime: TestPipeCarriesMessagesOfAnySize, TestLargeTasksAndResults, TestLargeItemsPassStagesWhoseWorkersDie, TestEachItemArrivesOnceAndInOrder"},
	{"poll and wait: of several, taking nothing, merging nothing", "runtime: TestReadyTakesNothingAndWaitsWithoutATurn, TestReadyOfSeveralQueuesAndTheEndOfTheRun, TestReadyGivesATokenForEachItemAndTheEnd, TestPollTakesNothing, TestSelectOverEverythingLosesNothing"},
	{"StartMethod: a child passes its own on to its children, and starts programs of its own", "runtime: TestGenerationsEndFromTheInnermost, TestInterruptReachesAllGenerations"},
	{"StartMethod, NoForkBomb: a main that is not guarded", "runtime: TestProgramWithoutMainIsToldSo; e2e: TestWithoutMainNothingStarts, TestAProcessThatDoesNotComeToMainIsAnError; runtime/internal/proc: TestAChildThatWasNotEnteredStartsNothing"},
	{"ResourceTracker: it ignores the terminal, and is replaced when it was killed", "runtime/internal/proc: TestTheWardenIgnoresTheTerminal, TestADeadWardenIsReplaced"},
	{"Finalize, atexit: what was opened is closed, once", "runtime: TestServiceKeepsItsObjectBetweenCalls, TestServiceServesCallsAndAQueue"},
	{"Logging: the level is the program's, in each process", "runtime: TestRecordsOfProcessesReachTheLogger, TestLevelIsThatOfTheProgram"},
	{"Interrupt: in order, with one line", "runtime: TestInterruptEndsARunInOrder, TestInterruptEndsAProgramThatDoesNotWait; e2e: TestCtrlCEndsGoRunAndAllProcesses"},
	{"deadlocks: error, exit, fault at each moment of a task's way, and at the end", "runtime: TestDeadlockMatrix"},
	{"executor: a death breaks a pool for good (here: not)", "runtime: TestDeadlockMatrix, TestDeathOfAWaitingWorkerCostsNothing, TestDeathsAtTheStart"},
	{"executor: an initializer that fails", "runtime: TestServiceThatCannotBeOpenedEndsTheRun, TestPoolWhoseWorkersDieAtOnceFails"},
	{"executor: cancel, of what waits and of what runs", "runtime: TestCancelStopsARunningTask, TestCancelledTasksAreNotKept, TestCancelledCallDoesNotTouchTheOthers"},
	{"executor: shutdown works off what is there", "runtime: TestWaitReturnsWhenAllHasBeenWorkedOff, TestShutdownEndsTheSourcesAndDrains"},
	{"executor: wait for the first that is done", "runtime: TestDoneClosesWithoutAnybodyWaiting"},
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
	for _, row := range append(append([]held{}, afterDeaths...), ofPython...) {
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
