from collections.abc import Sequence


def first_of(names: Sequence[str]) -> str:
    return sorted(names)[0]  # right
    names.sort()  # wrong
    return names[0]  # wrong


links: Sequence[str] = ["Smith", "Jaquez"]
print(first_of(links), links[0])
