"""Checks a herd with asyncio streams, used as in their documentation.

Usage: asyncio_client.py BASE_PORT. Prints one line per check. Exits with 1 at
the first check that fails.
"""

import asyncio
import json
import re
import sys

SERVERS = ["Hill", "Jaquez", "Smith", "Campbell", "Singleton"]
POSITION = "+34.068930-118.445127"


async def ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def check(what: str, is_true: bool) -> None:
    print(f"{'ok' if is_true else 'FAILED'}: {what}", flush=True)
    if not is_true:
        sys.exit(1)


async def main(base_port: int) -> None:
    ports = {name: base_port + index for index, name in enumerate(SERVERS)}
    time = "1520023934.918963997"
    answer = await ask(
        ports["Hill"], f"IAMAT kiwi.cs.ucla.edu {POSITION} {time}\n".encode()
    )
    at = answer.decode().strip()
    pattern = (
        r"AT Hill [+-]\d+\.\d{9} kiwi\.cs\.ucla\.edu "
        + re.escape(f"{POSITION} {time}")
    )
    check("IAMAT is answered with AT", re.fullmatch(pattern, at) is not None)

    for name, port in ports.items():
        # The report may not have arrived yet.
        while True:
            answer = await ask(port, b"WHATSAT kiwi.cs.ucla.edu 10 5\n")
            if not answer.startswith(b"?"):
                break
            await asyncio.sleep(0.02)
        line, body = answer.decode().split("\n", 1)
        check(f"{name} answers WHATSAT with Hill's AT line", line == at)
        check(f"{name}'s answer ends in two newlines", body.endswith("}\n\n"))
        places = json.loads(body)
        check(f"{name} names five places", len(places["results"]) == 5)

    requests = [f"IAMAT c{index} +1-1 {index}\n" for index in range(100)]
    answer = await ask(ports["Smith"], "".join(requests).encode())
    clients = [line.split()[3] for line in answer.decode().splitlines()]
    check("100 pipelined lines have 100 answers in order",
          clients == [f"c{index}" for index in range(100)])

    reader, writer = await asyncio.open_connection("127.0.0.1", ports["Hill"])
    for piece in (b"IAM", b"AT slow +1", b"+1 ", b"7", b"\n"):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)
    line = await reader.readline()
    check("a line in pieces is one line", line.endswith(b" slow +1+1 7\n"))
    writer.write(b"WHAT \xff\xfe\n")
    line = await reader.readline()
    check("the answer repeats an invalid line", line == b"? WHAT \xff\xfe\n")
    writer.close()
    await writer.wait_closed()


asyncio.run(main(int(sys.argv[1])))
