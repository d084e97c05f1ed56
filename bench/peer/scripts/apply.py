"""Time n calls of a function in a pool of one worker, 64 bytes there and back."""
import multiprocessing
import sys
import time


def echo(message):
    return message


if __name__ == "__main__":
    n = int(sys.argv[1])
    message = b"x" * 64
    with multiprocessing.Pool(1) as pool:
        pool.apply(echo, (message,))  # the first one waits for the worker's start
        start = time.perf_counter_ns()
        for _ in range(n):
            if pool.apply(echo, (message,)) != message:
                sys.exit("the answer is not what was sent")
        print(time.perf_counter_ns() - start)
