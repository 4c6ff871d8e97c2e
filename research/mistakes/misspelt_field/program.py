from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    client: str
    latitude: float


report = Report(client="kiwi", latitude=34.07)
print(report.latitude)  # right
print(report.lattitude)  # wrong
