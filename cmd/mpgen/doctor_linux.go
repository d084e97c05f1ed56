package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// system tries what the engine of processes stands on, part by part, so that a failure of the whole has a reason.
func system() []look {
	return []look{
		architecture(), kernel(), memoryFiles(), pidfds(), futexes(), filters(), procFiles(), debugging(),
		descriptors(), processLimit(), addressSpace(), lockedMemory(), memoryLeft(), processors(), delegation(),
	}
}

func architecture() look {
	f := look{Name: "system", State: fine, Found: platform()}
	if goruntime.GOARCH != "amd64" && goruntime.GOARCH != "arm64" {
		f.State, f.Means, f.Do = broken, "processes need amd64 or arm64; the other engines work", "start programs with MP_ENGINE=goroutines"
	}
	return f
}

func kernel() look {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return look{Name: "kernel", State: unwell, Found: err.Error()}
	}
	return judgeKernel(unix.ByteSliceToString(u.Release[:]))
}

// judgeKernel judges a release, as 5.14.0-570.el9.x86_64.
func judgeKernel(release string) look {
	f := look{Name: "kernel", State: fine, Found: "Linux " + release}
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n == 2 && (major < 5 || major == 5 && minor < 14) {
		f.State = unwell
		f.Means = "mpgen is made for Linux 5.14 and later, and not tested with older ones"
		f.Do = "use a later kernel, if the lines below say fail"
	}
	return f
}

// memoryFiles makes a file as the control file of a run, and writes to it in ways that its seals must refuse.
func memoryFiles() look {
	f := look{Name: "memory files", State: fine, Found: "made, sealed against resizing and against other writers"}
	if err := tryMemoryFile(); err != nil {
		f.State, f.Found = broken, err.Error()
		f.Means = "the memory of a run can't be shared, or not be protected"
		f.Do = "allow memfd_create, ftruncate, fallocate and fcntl, as a seccomp profile of containers does by default"
	}
	return f
}

func tryMemoryFile() error {
	size := os.Getpagesize()
	fd, err := unix.MemfdCreate("mpgen-doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return fmt.Errorf("memfd_create: %w", err)
	}
	defer unix.Close(fd)
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return fmt.Errorf("ftruncate: %w", err)
	}
	if err := unix.Fallocate(fd, 0, 0, int64(size)); err != nil {
		return fmt.Errorf("fallocate: %w", err)
	}
	own, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap: %w", err)
	}
	defer unix.Munmap(own)
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_FUTURE_WRITE|unix.F_SEAL_SEAL); err != nil {
		return fmt.Errorf("seal against future writes: %w", err)
	}
	own[0] = 1
	if err := unix.Ftruncate(fd, 0); err == nil {
		return errors.New("a sealed file could be shortened")
	}
	if m, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		unix.Munmap(m)
		return errors.New("a sealed file could be mapped for writing")
	}
	seen, err := unix.Mmap(fd, 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mmap for reading: %w", err)
	}
	defer unix.Munmap(seen)
	if seen[0] != 1 {
		return errors.New("two mappings of a file differ")
	}
	return nil
}

func pidfds() look {
	f := look{Name: "pidfd", State: fine, Found: "opened"}
	fd, err := unix.PidfdOpen(os.Getpid(), unix.PIDFD_NONBLOCK)
	if err != nil {
		f.State, f.Found = broken, "pidfd_open: "+err.Error()
		f.Means, f.Do = "the end of a process can't be seen", "allow pidfd_open, as a seccomp profile of containers does by default"
		return f
	}
	unix.Close(fd)
	return f
}

// futexes waits for a word that has changed already.
func futexes() look {
	f := look{Name: "futex", State: fine, Found: "works"}
	word := uint32(1)
	const waitBitset = 9
	_, _, errno := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), waitBitset, 0, 0, 0, ^uintptr(0)>>32)
	if errno != unix.EAGAIN {
		f.State, f.Found = broken, "futex: "+errno.Error()
		f.Means, f.Do = "processes can't wait for each other", "allow the system call futex"
	}
	return f
}

// filters tells of a seccomp filter, which explains failures of the lines above.
func filters() look {
	f := look{Name: "seccomp", State: fine, Found: "no filter"}
	switch status("Seccomp") {
	case "":
		f.Found = "not known"
	case "1", "2":
		f.Found = "a filter, which lets the calls above through or not"
	}
	return f
}

// status is a line of /proc/self/status.
func status(key string) string {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func procFiles() look {
	f := look{Name: "/proc", State: fine, Found: "readable"}
	if _, err := os.Readlink("/proc/self/exe"); err != nil {
		f.State, f.Found = broken, err.Error()
		f.Means, f.Do = "a worker is the program's own binary, found through /proc/self/exe", "mount /proc"
	} else if _, err := os.ReadFile("/proc/self/statm"); err != nil {
		f.State, f.Found = unwell, err.Error()
		f.Means, f.Do = "the memory of workers can't be watched, and worker { memory } fails", "mount /proc"
	}
	return f
}

// debugging tells whether a debugger can be attached to a worker. Nothing else depends on it.
func debugging() look {
	f := look{Name: "ptrace", State: fine, Found: "debuggers can attach to workers"}
	scope := strings.TrimSpace(readText("/proc/sys/kernel/yama/ptrace_scope"))
	if scope != "" && scope != "0" && os.Geteuid() != 0 {
		f.Found = "kernel.yama.ptrace_scope is " + scope + ": debuggers attach to workers as root only, or with MP_ENGINE=goroutines"
	}
	return f
}

func readText(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}

func descriptors() look {
	return judgeDescriptors(softLimit(unix.RLIMIT_NOFILE))
}

// judgeDescriptors judges the limit of open files.
func judgeDescriptors(n uint64) look {
	f := look{Name: "descriptors", State: fine, Found: limitText(n)}
	if n < 1024 {
		f.State = unwell
		f.Means = fmt.Sprintf("each process takes five in the program, so there is room for about %d", max(int64(n)-24, 0)/5)
		f.Do = "raise it: ulimit -n 4096"
	}
	return f
}

// softLimit is what holds for this process of a resource that the system bounds.
func softLimit(resource int) uint64 {
	var l unix.Rlimit
	unix.Getrlimit(resource, &l)
	return l.Cur
}

// unlimited is what no limit of the system reaches, but for the one that stands for none.
const unlimited = 1 << 62

func limitText(n uint64) string {
	if n >= unlimited {
		return "no limit"
	}
	return "at most " + strconv.FormatUint(n, 10)
}

// byteLimitText is limitText for a limit in bytes.
func byteLimitText(n uint64) string {
	if n >= unlimited {
		return "no limit"
	}
	return "at most " + binarySize(int64(n))
}

func processLimit() look {
	n := softLimit(unix.RLIMIT_NPROC)
	f := look{Name: "process limit", State: fine, Found: limitText(n) + " of this user, threads too"}
	if pids := cgroupNumber("pids.max"); pids >= 0 && uint64(pids) < n {
		n = uint64(pids)
		f.Found = limitText(n) + " in this control group, threads too"
	}
	if n < 256 {
		f.State = unwell
		f.Means = "each process of a run has about six threads, which count"
		f.Do = "raise it: ulimit -u, or pids.max of the control group"
	}
	return f
}

func addressSpace() look {
	n := softLimit(unix.RLIMIT_AS)
	f := look{Name: "address space", State: fine, Found: byteLimitText(n)}
	if n < 8<<30 {
		f.State = unwell
		f.Means = "each process maps all shared memory of its run, and Go reserves more than it uses"
		f.Do = "lift it: ulimit -v unlimited; worker { memory } bounds workers"
	}
	return f
}

// lockedMemory is told because it is often asked: nothing is locked.
func lockedMemory() look {
	return look{Name: "locked memory", State: fine, Found: byteLimitText(softLimit(unix.RLIMIT_MEMLOCK)) + "; mpgen locks none"}
}

// memoryLeft is what a run may take: four fifths of what there is.
func memoryLeft() look {
	have := int64(-1)
	for line := range strings.Lines(readText("/proc/meminfo")) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			if kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
				have = kib << 10
			}
		}
	}
	limit, used := cgroupNumber("memory.max"), cgroupNumber("memory.current")
	if limit < 0 { // of version 1
		limit, used = readNumber("/sys/fs/cgroup/memory/memory.limit_in_bytes"), readNumber("/sys/fs/cgroup/memory/memory.usage_in_bytes")
	}
	if limit >= 0 {
		left := max(limit-max(used, 0), 0)
		if have < 0 || left < have {
			return judgeMemory(left, fmt.Sprintf(", of %s of the control group", binarySize(limit)))
		}
	}
	return judgeMemory(have, "")
}

// judgeMemory judges how many bytes are left.
func judgeMemory(have int64, of string) look {
	if have < 0 {
		return look{Name: "memory", State: unwell, Found: "not known", Means: "Start can't tell whether there is enough"}
	}
	f := look{Name: "memory", State: fine, Found: binarySize(have) + " left" + of}
	if have < 256<<20 {
		f.State = unwell
		f.Means = "Start refuses a pipeline that takes more shared memory than 80 % of this; each queue of strings takes up to 64 MiB by default"
		f.Do = "see mpgen check --footprint; lower bytes of queues and pools, or make room"
	}
	return f
}

func processors() look {
	f := look{Name: "processors", State: fine, Found: fmt.Sprintf("%d may be used", goruntime.NumCPU())}
	if n := goruntime.GOMAXPROCS(0); n != goruntime.NumCPU() {
		f.Found += fmt.Sprintf(", GOMAXPROCS is %d, by the environment or a quota", n)
	}
	var set unix.CPUSet
	if online, err := filepath.Glob("/sys/devices/system/cpu/cpu[0-9]*"); err == nil && unix.SchedGetaffinity(0, &set) == nil && set.Count() < len(online) {
		f.Found += fmt.Sprintf("; the machine has %d", len(online))
	}
	if goruntime.NumCPU() == 1 {
		f.State, f.Means = unwell, "processes take turns, so that nothing gets faster by having several"
	}
	return f
}

// delegation tells whether this process may make control groups below its own.
func delegation() look {
	f := look{Name: "control groups", State: fine, Found: "none is delegated; limits of workers are watched by the program"}
	if dir := cgroupDir(); dir != "" && unix.Access(filepath.Join(dir, "cgroup.procs"), unix.W_OK) == nil && unix.Access(dir, unix.W_OK) == nil {
		f.Found = "delegated, and not used; limits of workers are watched by the program"
	}
	return f
}

// cgroupDir is the folder of this process's control group of version 2, or "".
func cgroupDir() string {
	for line := range strings.Lines(readText("/proc/self/cgroup")) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			for _, dir := range []string{filepath.Join("/sys/fs/cgroup", path), "/sys/fs/cgroup"} { // in a container the path may be the host's
				if _, err := os.Stat(filepath.Join(dir, "cgroup.procs")); err == nil {
					return dir
				}
			}
		}
	}
	return ""
}

// cgroupNumber is a limit of this process's control group, or -1 if there is none.
func cgroupNumber(file string) int64 {
	dir := cgroupDir()
	if dir == "" {
		return -1
	}
	return readNumber(filepath.Join(dir, file))
}

// readNumber is what a file of one number holds, or -1.
func readNumber(file string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(readText(file)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
