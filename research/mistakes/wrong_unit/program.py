import asyncio

timeout_ms = 10


async def reply() -> str:
    await asyncio.sleep(0.5)
    return "answered"


async def ask() -> str:
    try:
        return await asyncio.wait_for(reply(), timeout_ms / 1000)  # right
        return await asyncio.wait_for(reply(), timeout_ms)  # wrong
    except asyncio.TimeoutError:
        return "timed out"


print(asyncio.run(ask()))
