def format_position(latitude: float, longitude: float) -> str:
    return f"{latitude} north, {longitude} east"


latitude, longitude = 34.07, -118.44
print(format_position(latitude, longitude))  # right
print(format_position(longitude, latitude))  # wrong
