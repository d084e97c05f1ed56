"""Time n hand-overs of 64 MiB of shared memory, whose name goes through a queue, there and back by turns."""
import multiprocessing
import multiprocessing.shared_memory
import sys
import time


def answer(there, back):
    mapped = {}
    while name := there.get():
        if name not in mapped:
            mapped[name] = multiprocessing.shared_memory.SharedMemory(name)
        memory = mapped[name]
        memory.buf[0] = memory.buf[memory.size - 1]
        back.put(name)
    for memory in mapped.values():
        memory.close()


if __name__ == "__main__":
    n = int(sys.argv[1])
    multiprocessing.set_start_method("fork")
    there, back = multiprocessing.Queue(), multiprocessing.Queue()
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=64 << 20)
    try:
        memory.buf[:] = bytes(memory.size)
        process = multiprocessing.Process(target=answer, args=(there, back))
        process.start()

        def trip(number):
            memory.buf[memory.size - 1] = number
            there.put(memory.name)
            back.get()
            if memory.buf[0] != number:
                sys.exit("the memory came back with something else")

        trip(1)  # the first one waits for the process's start
        start = time.perf_counter_ns()
        for i in range((n + 1) // 2):
            trip(i % 256)
        took = time.perf_counter_ns() - start
        there.put(None)
        process.join()
        print(took)
    finally:
        memory.close()
        memory.unlink()
