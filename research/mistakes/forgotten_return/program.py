def limit(radius: int) -> int:
    if radius > 50:
        return 50
    return radius  # right


print(limit(10))
