"""Senders as Knative's: each request is repeated until it is taken."""

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.chaos.corpus import Delivery

_TIMEOUT_SECONDS = 15.0
_RETRIED = {404, 408, 409, 429}


@dataclass
class Sender:
    """Sends its deliveries in order, spread over ``seconds``, each to any of the addresses."""

    urls: Sequence[str]
    deliveries: Sequence[Delivery]
    seconds: float
    seed: int
    answers: "Counter[str]" = field(default_factory=Counter)
    accepted: "Counter[str]" = field(default_factory=Counter)
    """How often each event got its 202."""
    refused: str | None = None
    done: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name=f"sender-{self.seed}", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        rng = random.Random(self.seed)
        begun = time.monotonic()
        with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            for number, delivery in enumerate(self.deliveries):
                due = begun + self.seconds * number / len(self.deliveries)
                if self._stop.wait(max(0.0, due - time.monotonic())):
                    return
                if not self._deliver(client, rng, delivery):
                    return
        self.done = True

    def _deliver(self, client: httpx.Client, rng: random.Random, delivery: Delivery) -> bool:
        pause = 0.1
        while not self._stop.is_set():
            answer = self._post(client, rng.choice(self.urls), delivery)
            if answer == "202":
                self.accepted.update({event.id for event in delivery.events})
                return True
            if answer.isdigit() and int(answer) < 500 and int(answer) not in _RETRIED:
                self.refused = f"{answer} for {[event.members for event in delivery.events][:2]}"
                return False
            self._stop.wait(pause * rng.uniform(0.5, 1.5))
            pause = min(2.0, pause * 2)
        return False

    def _post(self, client: httpx.Client, url: str, delivery: Delivery) -> str:
        try:
            answer = client.post(
                f"{url}{delivery.path}", content=delivery.body, headers=delivery.headers
            )
        except httpx.HTTPError as error:
            text = type(error).__name__
        else:
            text = str(answer.status_code)
            if answer.status_code == 202 and answer.content:
                text = "202 with a body"
        self.answers[text] += 1
        return text
