positions = {"kiwi": "+34.07-118.44"}


def position_of(client: str) -> str:
    return positions.get(client, "nowhere").strip()  # right
    return positions[client].strip()  # wrong


print(position_of("nobody"))
