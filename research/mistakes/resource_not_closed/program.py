def first_byte(path: str) -> int:
    with open(path, "rb") as file:  # right
        return file.read(1)[0]  # right
    file = open(path, "rb")  # wrong
    return file.read(1)[0]  # wrong


print(first_byte("/etc/passwd"))
