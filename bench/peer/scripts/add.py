"""Time n additions to a shared number under its lock, alone."""
import multiprocessing
import sys
import time

if __name__ == "__main__":
    n = int(sys.argv[1])
    number = multiprocessing.Value("q", 0)
    start = time.perf_counter_ns()
    for _ in range(n):
        with number.get_lock():
            number.value += 1
    took = time.perf_counter_ns() - start
    if number.value != n:
        sys.exit(f"the number is {number.value}, want {n}")
    print(took)
