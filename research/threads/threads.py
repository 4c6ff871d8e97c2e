"""What a second thread gains and costs in Python, under the global lock.

    python3 threads.py UPDATES LINES

Prints as JSON the updates a second of one thread (UPDATES of them) and of two
threads (UPDATES each, with a shared dictionary), and the CPU time of both sides
to pass an AT line to another thread in a SimpleQueue: alone, and with 64 in a
text (LINES of them).
"""

import json
import queue
import re
import sys
import threading
import time

CLIENTS = 1_000
LINES_A_CLIENT = 10
LINES_A_PART = 64

LATITUDE = r"[+-]0*(?:90(?:\.0+)?|[0-8]?\d(?:\.\d+)?)"
LONGITUDE = r"[+-]0*(?:180(?:\.0+)?|(?:1[0-7]|\d)?\d(?:\.\d+)?)"
match_iamat = re.compile(
    rf"\s*IAMAT\s+(\S+)\s+({LATITUDE}{LONGITUDE})\s+((\d{{1,15}})(?:\.(\d+))?)\s*",
    re.ASCII,
).fullmatch


class Job:
    """The lines of a thread, about clients of its own."""

    def __init__(self, thread: int, reports: dict[str, tuple[int, str, str]]) -> None:
        self.reports = reports
        self.passes = 0
        self.lines = [
            f"IAMAT phone-{thread:05d}-{index % CLIENTS:05d}.herd.io "
            f"+34.068930-118.445127 {1_800_000_000 + index // CLIENTS}.918963997"
            for index in range(CLIENTS * LINES_A_CLIENT)
        ]

    def run(self, updates: int) -> None:
        """Processes updates. Each is newer than the one before."""
        reports = self.reports
        for _ in range(-(-updates // len(self.lines))):
            offset = self.passes * LINES_A_CLIENT
            self.passes += 1
            for line in self.lines:
                client, _, _, digits, fraction = match_iamat(line).groups()
                seconds = int(digits) + offset
                known = reports.get(client)
                if known is not None and (seconds, fraction) <= known[:2]:
                    raise RuntimeError("a line was no news")
                reports[client] = (seconds, fraction, line)


def updates_per_second(jobs: list[Job], updates: int) -> float:
    threads = [threading.Thread(target=job.run, args=(updates,)) for job in jobs]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(jobs) * updates / (time.perf_counter() - start)


def cpu_us_a_line(lines: int, part: list[str]) -> float:
    handed: queue.SimpleQueue[str] = queue.SimpleQueue()
    parts = lines // LINES_A_PART

    def take() -> None:
        for _ in range(parts * len(part)):
            handed.get()

    taker = threading.Thread(target=take)
    start = time.process_time()
    taker.start()
    for _ in range(parts):
        for text in part:
            handed.put(text)
    taker.join()
    return (time.process_time() - start) * 1e6 / (parts * LINES_A_PART)


def main() -> None:
    updates, lines = map(int, sys.argv[1:])
    reports: dict[str, tuple[int, str, str]] = {}
    jobs = [Job(0, reports), Job(1, reports)]
    # One pass fills the dictionary. There is no compiler to warm up.
    updates_per_second(jobs, len(jobs[0].lines))
    at_lines = [
        f"AT Hill +60.000263874 phone-00000-{index:05d}.herd.io "
        "+34.068930-118.445127 1800000000.918963997"
        for index in range(LINES_A_PART)
    ]
    results = {
        "oneThread": updates_per_second(jobs[:1], updates),
        "twoThreads": updates_per_second(jobs, updates),
        "messageUs": cpu_us_a_line(lines, at_lines),
        "messageOf64Us": cpu_us_a_line(lines, ["\n".join(at_lines)]),
    }
    if len(reports) != 2 * CLIENTS:
        raise RuntimeError("a client was lost")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
