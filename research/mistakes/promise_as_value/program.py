import asyncio


async def find(client: str) -> str:
    await asyncio.sleep(0.001)
    return f"AT Hill {client}"


def show(line: str) -> None:
    print(f"<- {line}")


async def serve() -> None:
    show(await find("kiwi"))  # right
    show(find("kiwi"))  # wrong


asyncio.run(serve())
