"""Reports to one server with paho, and receives the reports from another.

    python3 paho_client.py PORT OTHER_PORT TIME
"""

import json
import queue
import sys

import paho.mqtt.client as paho

port, other_port, time = (int(text) for text in sys.argv[1:])
arrived = 0
for version in (paho.MQTTv31, paho.MQTTv311, paho.MQTTv5):
    received: "queue.Queue[str]" = queue.Queue()
    subscribed: "queue.Queue[int]" = queue.Queue()
    reader = paho.Client(client_id=f"paho-reader-{version}", protocol=version)
    reader.on_message = lambda client, data, message: received.put(message.topic)
    reader.on_subscribe = lambda client, data, mid, *granted: subscribed.put(mid)
    reader.connect("127.0.0.1", other_port)
    reader.loop_start()
    reader.subscribe(f"owntracks/paho{version}/+", qos=1)
    subscribed.get(timeout=10)
    phone = paho.Client(client_id=f"paho-phone-{version}", protocol=version)
    phone.connect("127.0.0.1", port)
    phone.loop_start()
    topics = set()
    for qos in (0, 1, 2):
        topic = f"owntracks/paho{version}/q{qos}"
        report = {"_type": "location", "lat": qos + 1, "lon": 2, "tst": time}
        phone.publish(topic, json.dumps(report), qos=qos, retain=True).wait_for_publish()
        topics.add(topic)
    while topics:
        topics.discard(received.get(timeout=10))
        arrived += 1
    for client in (phone, reader):
        client.disconnect()
        client.loop_stop()
print(f"{arrived} reports arrived")
