"""Time n stores into a dict that a manager keeps, from a process of its own."""
import multiprocessing
import sys
import time


def store(shared, n, took):
    start = time.perf_counter_ns()
    for i in range(n):
        shared["key%d" % (i % 100)] = i + 1
    took.value = time.perf_counter_ns() - start


if __name__ == "__main__":
    n = int(sys.argv[1])
    multiprocessing.set_start_method("fork")
    with multiprocessing.Manager() as manager:
        shared = manager.dict()
        took = multiprocessing.Value("q", 0)
        process = multiprocessing.Process(target=store, args=(shared, n, took))
        process.start()
        process.join()
        print(took.value)
