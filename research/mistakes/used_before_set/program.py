def state_of(links: int) -> str:
    if links > 0:
        state = "linked"
    else:  # right
        state = "alone"  # right
    return state


print(state_of(0))
