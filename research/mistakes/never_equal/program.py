def is_port(port: int, operand: str) -> bool:
    return str(port) == operand  # right
    return port == operand  # wrong


print(is_port(8000, "8000"))
