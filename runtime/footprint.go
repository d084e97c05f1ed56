package mp

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// enoughMemory refuses a footprint of more than the pipeline declares, 0: it does
// not, or of more than 80 % of what the machine and the control group have left: a
// memory file has no limit of its own, and allocating more than there is makes the
// kernel kill bystanders.
func enoughMemory(need, declared int64) error {
	if declared > 0 && need > declared {
		return &NoMemory{Need: need, Have: declared}
	}
	have := freeMemory()
	if have < 0 || need <= have/10*8 {
		return nil
	}
	return &NoMemory{Need: need, Have: have / 10 * 8}
}

// freeMemory is the bytes that may still be taken, or -1 if that can't be told.
func freeMemory() int64 {
	have := int64(-1)
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return have
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemAvailable:"); ok {
			if kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
				have = kib << 10
			}
		}
	}
	for _, g := range [][2]string{
		{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
		{"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"},
	} {
		limit, ok := readNumber(g[0])
		used, ok2 := readNumber(g[1])
		if ok && ok2 && limit-used < have {
			have = max(limit-used, 0)
		}
	}
	return have
}

// readNumber reads a file that holds one number; "max" is none.
func readNumber(name string) (int64, bool) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}
