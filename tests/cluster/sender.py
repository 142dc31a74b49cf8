"""A sender inside the cluster, which goes through the Service as all do. Runs in the API's image.

``python sender.py URL PER_SECOND``: events with a contract each, until its input is closed; what is
not taken is sent again with the same id. At the end one line of JSON with what happened.
"""

import json
import sys
import threading
import time
from collections import Counter

import httpx

TEXT = "This Services Agreement number {0} is made on 3 May 2026 between A Ltd and B Ltd. " * 40
PATIENCE_SECONDS = 120.0

url, per_second = sys.argv[1], float(sys.argv[2])
stopping = threading.Event()
accepted = 0
others: Counter[str] = Counter()


def await_end() -> None:
    sys.stdin.read()
    stopping.set()


def send(client: httpx.Client, number: int) -> bool:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": str(number),
        "ce-source": "/sender",
        "ce-type": "com.example.contract.received",
        "Content-Type": "text/plain",
    }
    try:
        answer = client.post(url, content=TEXT.format(number), headers=headers)
    except httpx.HTTPError as error:
        others[f"{type(error).__name__}: {error}"] += 1
        return False
    if answer.status_code != httpx.codes.ACCEPTED:
        others[str(answer.status_code)] += 1
    return answer.status_code == httpx.codes.ACCEPTED


threading.Thread(target=await_end, daemon=True).start()
begin = time.monotonic()
while not stopping.is_set():
    deadline = time.monotonic() + PATIENCE_SECONDS
    # A new connection each time, as senders that come and go have: the Service chooses anew.
    while True:
        with httpx.Client(timeout=20) as client:
            if send(client, accepted):
                break
        if time.monotonic() > deadline:
            others["given up"] += 1
            break
        stopping.wait(0.2)
    accepted += 1
    stopping.wait(max(0.0, begin + accepted / per_second - time.monotonic()))
print(json.dumps({"accepted": accepted, "others": others}))  # noqa: T201
