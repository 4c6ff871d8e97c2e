"""Runs another program, and prints at its end when the garbage collector ran.

    python3 watch_collector.py PROGRAM [ARGUMENT...]

Each run of the cyclic collector is a line: `collected`, when it ended in
milliseconds since 1970, and how many milliseconds it took. Reference counting
frees other objects at once and does not stop the program.
"""

import gc
import runpy
import sys
import time

runs: list[tuple[int, int]] = []
began_ns = 0


def on_collection(phase: str, info: dict[str, int]) -> None:
    global began_ns
    if phase == "start":
        began_ns = time.perf_counter_ns()
    else:
        runs.append((time.time_ns(), time.perf_counter_ns() - began_ns))


if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    gc.callbacks.append(on_collection)
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        gc.callbacks.remove(on_collection)
        for ended_ns, took_ns in runs:
            print(f"collected {ended_ns / 1e6:.3f} {took_ns / 1e6:.6f}")
