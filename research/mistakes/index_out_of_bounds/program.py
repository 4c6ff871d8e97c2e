def time_of(line: str) -> str:
    fields = line.split(" ")
    if len(fields) < 4:  # right
        return "none"  # right
    return fields[3]


print(time_of("IAMAT kiwi +34.07-118.44"))
