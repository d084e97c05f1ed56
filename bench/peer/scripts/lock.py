"""Time n times taking a lock and giving it back, alone."""
import multiprocessing
import sys
import time

if __name__ == "__main__":
    n = int(sys.argv[1])
    lock = multiprocessing.Lock()
    start = time.perf_counter_ns()
    for _ in range(n):
        with lock:
            pass
    print(time.perf_counter_ns() - start)
