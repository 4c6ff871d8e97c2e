"""A rival of the herd: one server in Python on asyncio.Protocol.

    python3 asyncio_herd.py [--uvloop] NAME CLIENT_PORT PEER_PORT LOG_FILE \
        [NEIGHBOUR_PORT...]

It answers IAMAT, keeps the newest report of each client, floods it to its
neighbours and logs every line. It does less than a server of the herd: it has
no WHATSAT, neighbours do not authenticate, and a neighbour that was away does
not catch up. README.md has the details.
"""

import argparse
import asyncio
import re
import signal
import socket
import time

HOST = "127.0.0.1"
REDIAL_DELAY_SECONDS = 0.2
FLUSH_INTERVAL_SECONDS = 0.1
MAX_WAITING_LOG_BYTES = 128 * 1024
MAX_LINE_BYTES = 64 * 1024
NANOSECONDS_PER_SECOND = 1_000_000_000

LATITUDE = r"[+-]0*(?:90(?:\.0+)?|[0-8]?\d(?:\.\d+)?)"
LONGITUDE = r"[+-]0*(?:180(?:\.0+)?|(?:1[0-7]|\d)?\d(?:\.\d+)?)"
TIME = r"(\d{1,15})(?:\.(\d+))?"

# Without re.ASCII, U+00A0 would be white space: here that is a byte of an ID.
match_iamat = re.compile(
    rf"\s*IAMAT\s+(\S+)\s+({LATITUDE}{LONGITUDE})\s+({TIME})\s*", re.ASCII
).fullmatch
match_at = re.compile(
    rf"AT \S+ [+-]\d+\.\d{{9}} (\S+) \S+ {TIME}", re.ASCII
).fullmatch
find_special = re.compile(r"[^\x20-\x5b\x5d-\x7e]")


def clock_difference(now_ns: int, seconds: int, fraction: str) -> str:
    """The server's clock minus the client's time: a sign, nine decimals."""
    time_ns = seconds * NANOSECONDS_PER_SECOND + int(fraction[:9].ljust(9, "0"))
    difference_ns = now_ns - time_ns
    sign = "+"
    if difference_ns < 0:
        sign = "-"
        difference_ns = -difference_ns
    whole, nanoseconds = divmod(difference_ns, NANOSECONDS_PER_SECOND)
    return f"{sign}{whole}.{nanoseconds:09d}"


def escape(text: str) -> str:
    """Escapes a text, so that no client can forge a record."""
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return find_special.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class Log:
    """Collects records and writes them to a file in batches."""

    def __init__(self, path: str) -> None:
        # The records are joined here, which is faster than in the file.
        self.file = open(path, "ab", buffering=0)
        self.records: list[str] = []
        self.waiting_bytes = 0
        self.stamp_seconds = -1
        self.stamp_to_seconds = ""

    def stamp(self, now_ns: int) -> str:
        """The time at the start of a record. Its date is formatted once a second."""
        seconds, nanoseconds = divmod(now_ns, NANOSECONDS_PER_SECOND)
        if seconds != self.stamp_seconds:
            self.stamp_seconds = seconds
            self.stamp_to_seconds = time.strftime(
                "%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)
            )
        return f"{self.stamp_to_seconds}.{nanoseconds // 1000:06d}Z"

    def add(self, stamp: str, connection: str, direction: str, text: str) -> None:
        record = f"{stamp} {connection} {direction} {escape(text)}\n"
        self.records.append(record)
        self.waiting_bytes += len(record)
        if self.waiting_bytes >= MAX_WAITING_LOG_BYTES:
            self.flush()

    def flush(self) -> None:
        """Writes the collected records: a copy into the page cache, too short to defer."""
        batch = memoryview("".join(self.records).encode("ascii"))
        self.records.clear()
        self.waiting_bytes = 0
        while batch:
            batch = batch[self.file.write(batch) :]


class Server:
    """The state that the connections of one server share."""

    def __init__(self, name: str, log: Log) -> None:
        self.name = name
        self.log = log
        # From a client's ID to its time and AT line.
        self.reports: dict[str, tuple[tuple[int, str], str]] = {}
        self.peers: set["PeerConnection"] = set()
        self.client_count = 0
        self.peer_count = 0

    def keep(self, client: str, time_key: tuple[int, str], line: str) -> bool:
        """Stores a report if it is its client's newest. Returns whether it is."""
        known = self.reports.get(client)
        if known is not None and time_key <= known[0]:
            return False
        self.reports[client] = (time_key, line)
        return True

    def flood(self, lines: list[str], source: "PeerConnection | None") -> None:
        """Writes lines to all neighbours except the one that they came from."""
        if not lines:
            return
        data = ("\n".join(lines) + "\n").encode("latin-1")
        for peer in self.peers:
            if peer is not source:
                peer.transport.write(data)


def time_key(seconds: int, fraction: str) -> tuple[int, str]:
    """A key that orders times exactly: digits without extra zeros compare as text."""
    return (seconds, fraction.rstrip("0"))


class Connection(asyncio.Protocol):
    """Splits a stream into lines."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.rest = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )

    def data_received(self, data: bytes) -> None:
        # Each byte is one character.
        lines = (self.rest + data.decode("latin-1")).split("\n")
        self.rest = lines.pop()
        if lines:
            self.take(lines)
        if len(self.rest) > MAX_LINE_BYTES:
            self.transport.abort()

    def take(self, lines: list[str]) -> None:
        raise NotImplementedError


class ClientConnection(Connection):
    """A client, whose lines are answered."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.server.client_count += 1
        self.name = f"client/{self.server.client_count}"

    def take(self, lines: list[str]) -> None:
        server = self.server
        log = server.log
        news: list[str] = []
        replies: list[str] = []
        for line in lines:
            now_ns = time.time_ns()
            stamp = log.stamp(now_ns)
            log.add(stamp, self.name, "<-", line)
            match = match_iamat(line)
            if match is None:
                reply = f"? {line}"
            else:
                client, position, time_text, digits, fraction = match.groups("")
                seconds = int(digits)
                difference = clock_difference(now_ns, seconds, fraction)
                reply = (
                    f"AT {server.name} {difference} {client} {position} {time_text}"
                )
                if server.keep(client, time_key(seconds, fraction), reply):
                    for peer in server.peers:
                        log.add(stamp, peer.name, "->", reply)
                    news.append(reply)
            log.add(stamp, self.name, "->", reply)
            replies.append(reply)
        server.flood(news, None)
        self.transport.write(("\n".join(replies) + "\n").encode("latin-1"))

    # A client that does not read its replies is not read.

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()


class PeerConnection(Connection):
    """A neighbour, whose reports are passed on."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.server.peer_count += 1
        self.name = f"peer/{self.server.peer_count}"
        self.server.peers.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.peers.discard(self)

    def take(self, lines: list[str]) -> None:
        server = self.server
        log = server.log
        news: list[str] = []
        for line in lines:
            stamp = log.stamp(time.time_ns())
            log.add(stamp, self.name, "<-", line)
            match = match_at(line)
            if match is None:
                continue
            client, digits, fraction = match.groups("")
            if server.keep(client, time_key(int(digits), fraction), line):
                for peer in server.peers:
                    if peer is not self:
                        log.add(stamp, peer.name, "->", line)
                news.append(line)
        server.flood(news, self)


async def dial(server: Server, port: int) -> None:
    """Links with a neighbour as soon as it listens."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            await loop.create_connection(
                lambda: PeerConnection(server), HOST, port
            )
            return
        except OSError:
            await asyncio.sleep(REDIAL_DELAY_SECONDS)


async def flush_regularly(log: Log) -> None:
    while True:
        await asyncio.sleep(FLUSH_INTERVAL_SECONDS)
        log.flush()


async def serve(arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    log = Log(arguments.log_file)
    server = Server(arguments.name, log)
    await loop.create_server(
        lambda: ClientConnection(server), HOST, arguments.client_port
    )
    await loop.create_server(
        lambda: PeerConnection(server), HOST, arguments.peer_port
    )
    told_to_stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told_to_stop.set)
    print("ready", flush=True)
    # The loop keeps no reference to a task, so this variable does.
    tasks = [loop.create_task(dial(server, port)) for port in arguments.neighbours]
    tasks.append(loop.create_task(flush_regularly(log)))
    await told_to_stop.wait()
    log.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("client_port", metavar="CLIENT_PORT", type=int)
    parser.add_argument("peer_port", metavar="PEER_PORT", type=int)
    parser.add_argument("log_file", metavar="LOG_FILE")
    parser.add_argument(
        "neighbours", metavar="NEIGHBOUR_PORT", type=int, nargs="*"
    )
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    if arguments.uvloop:
        import uvloop

        uvloop.install()
    asyncio.run(serve(arguments))


main()
