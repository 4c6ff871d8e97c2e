import asyncio

journal: list[str] = []


async def write(line: str) -> None:
    await asyncio.sleep(0.001)
    journal.append(line)


async def serve() -> None:
    await write("IAMAT kiwi")  # right
    write("IAMAT kiwi")  # wrong
    print(len(journal))


asyncio.run(serve())
