"""Reports and asks by http.client, on one connection: http_client.py PORT."""

import gzip
import http.client
import json
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))


def ask(method, target, body=None, **fields):
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    connection.request(method, target, body, headers)
    response = connection.getresponse()
    print(response.status, response.read().decode().strip())


ask("POST", "/report", json.dumps({"id": "py", "lat": 1, "lon": 2, "tst": 3}))
points = [{"id": f"py-{n}", "lat": 1, "lon": n, "tst": 3} for n in range(100)]
ask("POST", "/report", gzip.compress(json.dumps(points).encode()), Content_Encoding="gzip")
# An iterable is sent in chunks.
lines = (json.dumps(point).encode() + b"\n" for point in points)
ask("POST", "/report", lines, Content_Type="application/x-ndjson")
ask("GET", "/position/py-99?format=json")
ask("HEAD", "/position/py-99")
ask("GET", "/position/nobody")
ask("OPTIONS", "*")
ask("POST", "/report", "not json")
