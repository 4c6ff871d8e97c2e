import asyncio

known: set[str] = set()
news = 0


async def log() -> None:
    await asyncio.sleep(0.001)


async def accept(client: str) -> None:
    global news
    if client in known:
        return
    known.add(client)  # right
    await log()
    known.add(client)  # wrong
    news += 1


async def serve() -> None:
    await asyncio.gather(accept("kiwi"), accept("kiwi"))
    print(news)


asyncio.run(serve())
