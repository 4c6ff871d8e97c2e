import json
from typing import TypedDict


class Answer(TypedDict):
    results: list[str]


def count_places(text: str) -> int:
    answer: Answer = json.loads(text)
    if not isinstance(answer.get("results"), list):  # right
        return 0  # right
    return len(answer["results"])


print(count_places('{ "status": "REQUEST_DENIED" }'))
