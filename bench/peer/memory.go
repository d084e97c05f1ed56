package peer

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Anonymous is the memory of its own that a process holds now, in bytes: what is
// neither shared nor read from files.
func Anonymous(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("the status of process %d does not tell RssAnon", pid)
}
