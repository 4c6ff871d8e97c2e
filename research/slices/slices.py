"""How much memory a small part of a large text keeps, in Python.

    python3 slices.py CHUNKS

Decodes chunks of 64 KiB, keeps the ID of 25 characters in each, first as a
slice and then as a copy, and prints as JSON how many bytes each ID keeps.
"""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable

CHUNK_BYTES = 64 * 1024
ID_START, ID_LENGTH = 6, 25
LINE = b"IAMAT phone-00000000000.herd.io +1+1 1\n"


def chunk(index: int) -> str:
    """A text that a server reads. The client of its first line is unique."""
    lines = LINE * (CHUNK_BYTES // len(LINE) + 1)
    data = b"IAMAT phone-%011d" % index + lines[23:CHUNK_BYTES]
    return data.decode("latin-1")


def as_slice(text: str) -> str:
    return text


def as_copy(text: str) -> str:
    return text.encode("latin-1").decode("latin-1")


def keep(count: int, make: Callable[[str], str]) -> float:
    ids = [""] * count
    tracemalloc.start()
    for index in range(count):
        ids[index] = make(chunk(index)[ID_START : ID_START + ID_LENGTH])
    gc.collect()
    kept_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if len(set(ids)) != count or len(ids[0]) != ID_LENGTH:
        raise RuntimeError("an ID was lost")
    return kept_bytes / count


if __name__ == "__main__":
    count = int(sys.argv[1])
    print(json.dumps({"slice": keep(count, as_slice), "copy": keep(count, as_copy)}))
