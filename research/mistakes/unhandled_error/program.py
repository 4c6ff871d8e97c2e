from pathlib import Path


def read_secret(path: str) -> str:
    try:  # right
        return Path(path).read_text()  # right
    except OSError:  # right
        return "none"  # right
    return Path(path).read_text()  # wrong


print(read_secret("/no/such/file"))
