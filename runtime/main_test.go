package mp

import (
	"os"
	"testing"
	"time"
)

// programVariable makes the test binary a program of its own, named by the
// value, with processes of its own.
const programVariable = "MP_TEST_PROGRAM"

// programs are what the test binary can be beside the tests.
var programs = map[string]func(){}

func TestMain(m *testing.M) {
	backstop = 30 * time.Second // a wake-up that gets lost shows
	Main()
	if name := os.Getenv(programVariable); name != "" {
		programs[name]()
		return
	}
	os.Exit(m.Run())
}

// counts is s without its times.
func (s ProcessStats) counts() ProcessStats {
	s.Ran, s.Waited = 0, 0
	return s
}

func (s PoolStats) counts() PoolStats {
	s.Worked, s.Waited, s.Latency = 0, 0, Latency{}
	return s
}
