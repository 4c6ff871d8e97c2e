from dataclasses import dataclass


@dataclass(frozen=True)
class Iamat:
    client: str


@dataclass(frozen=True)
class Whatsat:
    bound: int


@dataclass(frozen=True)
class Ping:
    pass


Message = Iamat | Whatsat | Ping


def reply_to(message: Message) -> str:
    match message:
        case Iamat():
            return f"AT {message.client}"
        case Whatsat():
            return f"{message.bound} places"
        case Ping():  # right
            return "PONG"  # right


print(reply_to(Ping()))
