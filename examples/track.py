#!/usr/bin/env python3
"""Reports the position of a client, and prints what is near it.

    python3 examples/track.py kiwi +34.068930-118.445127

More arguments are the servers to try, as HOST:PORT, in this order. Without
them it tries the default herd on this machine. The exit status is 0 if the
herd has answered, 1 if it has not, and 2 if the command line is wrong.

Needs Python 3.9 or later, and only its standard library.
"""

import asyncio
import json
import os
import sys
import time

USAGE = "usage: track.py CLIENT POSITION [HOST:PORT ...]"
DEFAULT_SERVERS = [f"127.0.0.1:{8000 + index}" for index in range(5)]

# A server may wait 10 s for an answer from Google.
TIMEOUT_SECONDS = 15

# Some places services print all places on one line.
MAX_LINE_BYTES = 8 * 1024 * 1024


class Refused(Exception):
    """The server refused a line as invalid."""


class Herd:
    """A connection to one server. Requests may overlap; replies come in order."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        # Held while a reply is read. An asyncio.Lock is given to its waiters in
        # their order, which is the order of the requests.
        self._read_lock = asyncio.Lock()

    @classmethod
    async def connect(cls, host, port):
        connecting = asyncio.open_connection(host, port, limit=MAX_LINE_BYTES)
        return cls(*await asyncio.wait_for(connecting, TIMEOUT_SECONDS))

    async def iamat(self, client, position):
        """Reports a client's position; returns the fields of the AT line."""
        line = f"IAMAT {client} {position} {time.time():.6f}"
        at, _ = await self._request(line)
        return at

    async def whatsat(self, client, radius_km, bound):
        """Returns the fields of the newest AT line, and the places near it."""
        line = f"WHATSAT {client} {radius_km} {bound}"
        return await self._request(line, expects_places=True)

    def close(self):
        self._writer.close()

    async def _request(self, line, expects_places=False):
        # Sends bytes of the command line that are not UTF-8 unchanged.
        self._writer.write(os.fsencode(f"{line}\n"))
        reply = self._read_reply(expects_places)
        try:
            return await asyncio.wait_for(reply, TIMEOUT_SECONDS)
        except (asyncio.TimeoutError, OSError):
            # A late reply must not be read as the reply to the next request.
            self.close()
            raise

    async def _read_reply(self, expects_places):
        async with self._read_lock:
            line = await self._read_line()
            if not line.startswith(b"AT "):
                raise Refused(f"the server answered {line.decode(errors='replace')}")
            # AT server difference client position time
            fields = os.fsdecode(line).split(" ")[1:]
            if not expects_places:
                return fields, None
            # The places end at the first empty line.
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
        # Both are sent at once. The server has the report when it reads the
        # query.
        at, (_, places) = await asyncio.gather(
            herd.iamat(client, position), herd.whatsat(client, 10, 5)
        )
    finally:
        herd.close()
    print(f"{at[0]} received the report of {client}")
    for place in places["results"]:
        print(place["name"])


async def main(args):
    # The protocol's white space is that of ASCII. An argument must not add
    # fields or lines.
    if len(args) < 2 or any(len(os.fsencode(arg).split()) != 1 for arg in args):
        print(USAGE, file=sys.stderr)
        return 2
    client, position, *servers = args
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
