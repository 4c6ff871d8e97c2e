import re


def latitude_of(position: str) -> str:
    match = re.match(r"[+-]\d+", position)
    return "none" if match is None else match.group()  # right
    return match.group()  # wrong


print(latitude_of("north"))
