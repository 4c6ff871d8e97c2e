chunk: bytes = "kiwi".encode()
print("IAMAT " + chunk.decode())  # right
print("IAMAT " + chunk)  # wrong
