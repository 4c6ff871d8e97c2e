#!/usr/bin/env python3
"""Tells a herd where a client is, and prints what is near it.

    python3 examples/track.py kiwi +34.068930-118.445127

More words are the servers to try, as HOST:PORT, in this order; without any,
the default herd's on this machine. The exit status is 0 when the herd has
answered, 1 when it has not, and 2 when the command line is wrong.

Needs Python 3.9 or later, and nothing besides.
"""

import asyncio
import json
import os
import sys
import time

USAGE = "usage: track.py CLIENT POSITION [HOST:PORT ...]"
DEFAULT_SERVERS = [f"127.0.0.1:{8000 + index}" for index in range(5)]

# A server may take 10 s to hear from Google what is near.
TIMEOUT_SECONDS = 15

# Some services print all places on one line.
MAX_LINE_BYTES = 8 * 1024 * 1024


class Refused(Exception):
    """The server called a line invalid."""


class Herd:
    """A connection to one server. Requests may overlap; replies come in order."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        # Whoever has it reads the next reply. It is handed on in the order in
        # which it was asked for, which is the order of the requests.
        self._turn = asyncio.Lock()

    @classmethod
    async def connect(cls, host, port):
        connecting = asyncio.open_connection(host, port, limit=MAX_LINE_BYTES)
        return cls(*await asyncio.wait_for(connecting, TIMEOUT_SECONDS))

    async def iamat(self, client, position):
        """Reports where a client is now; returns the fields of the AT line."""
        at, _ = await self._ask(f"IAMAT {client} {position} {time.time():.6f}")
        return at

    async def whatsat(self, client, radius_km, bound):
        """Returns the fields of the newest AT line, and the places near it."""
        line = f"WHATSAT {client} {radius_km} {bound}"
        return await self._ask(line, expects_places=True)

    def close(self):
        self._writer.close()

    async def _ask(self, line, expects_places=False):
        # What is no UTF-8 on the command line arrives as it was given.
        self._writer.write(os.fsencode(f"{line}\n"))
        reply = self._read_reply(expects_places)
        try:
            return await asyncio.wait_for(reply, TIMEOUT_SECONDS)
        except (asyncio.TimeoutError, OSError):
            # The reply may still come: nobody must take it for the next one.
            self.close()
            raise

    async def _read_reply(self, expects_places):
        async with self._turn:
            line = await self._read_line()
            if not line.startswith(b"AT "):
                raise Refused(f"the server answered {line.decode(errors='replace')}")
            # AT server difference client position time
            fields = os.fsdecode(line).split(" ")[1:]
            if not expects_places:
                return fields, None
            # The places go on until the first empty line.
            text = []
            while (line := await self._read_line()) != b"":
                text.append(line)
            return fields, json.loads(b"\n".join(text))

    async def _read_line(self):
        line = await self._reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection ended before the answer came")
        return line[:-1]


async def track(client, position, host, port):
    herd = await Herd.connect(host, port)
    try:
        # Both are sent at once. Replies come in order, so it is known by then.
        at, (_, places) = await asyncio.gather(
            herd.iamat(client, position), herd.whatsat(client, 10, 5)
        )
    finally:
        herd.close()
    print(f"{client} was heard by {at[0]}")
    for place in places["results"]:
        print(place["name"])


async def main(words):
    # The herd's white space is ASCII's. Nobody may put a line of his own in.
    if len(words) < 2 or any(len(os.fsencode(word).split()) != 1 for word in words):
        print(USAGE, file=sys.stderr)
        return 2
    client, position, *servers = words
    failures = []
    for server in servers or DEFAULT_SERVERS:
        host, _, port = server.rpartition(":")
        if not port.isdecimal():
            print(f"track: {server} is not HOST:PORT\n{USAGE}", file=sys.stderr)
            return 2
        try:
            await track(client, position, host, int(port))
            return 0
        except Refused as refusal:
            print(f"track: {refusal}", file=sys.stderr)
            return 1
        except asyncio.TimeoutError:
            failures.append(f"{server}: no answer within {TIMEOUT_SECONDS} s")
        except OSError as error:
            failures.append(f"{server}: {error}")
    print(f"track: no server answers: {'; '.join(failures)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
