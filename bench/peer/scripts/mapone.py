"""Time Pool.map of a trivial function over n numbers, one at a time."""
import multiprocessing
import sys
import time


def double(number):
    return 2 * number


if __name__ == "__main__":
    n = int(sys.argv[1])
    with multiprocessing.Pool(2) as pool:
        pool.map(double, range(100))  # the first one waits for the workers' start
        start = time.perf_counter_ns()
        doubled = pool.map(double, range(n), chunksize=1)
        took = time.perf_counter_ns() - start
    if sum(doubled) != n * (n - 1):
        sys.exit("the answers do not add up")
    print(took)
