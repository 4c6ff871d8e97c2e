def difference(server_time: float, client_time: float) -> float:
    return server_time - client_time


print(difference(25, 20))  # right
print(difference(25))  # wrong
