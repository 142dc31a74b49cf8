"""How often a client may ask: a token bucket each, told in the headers of
draft-ietf-httpapi-ratelimit-headers.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

_MAX_CLIENTS = 10_000


def unknown_at(address: str) -> str:
    """The client that all are whose token nobody knows, whatever they ask from that address.

    Whoever has a good one there is another.
    """
    return f"unknown at {address}"


class Allowance(NamedTuple):
    granted: bool
    left: int
    seconds: int
    """Until the bucket is full again; of a refusal, until the next request is taken."""


@dataclass
class Rates:
    """``per_minute`` requests of each client in this process; all of them at once if it likes.

    The longest silent of too many clients is forgotten, which gives it a full bucket.
    """

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _buckets: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict)

    def take(self, client: str) -> Allowance:
        now = self.clock()
        left, at = self._buckets.pop(client, (float(self.per_minute), now))
        pace = self.per_minute / 60
        left = min(float(self.per_minute), left + (now - at) * pace)
        granted = left >= 1
        left -= granted
        self._buckets[client] = (left, now)
        if len(self._buckets) > _MAX_CLIENTS:
            self._buckets.popitem(last=False)
        missing = self.per_minute - left if granted else 1 - left
        return Allowance(granted, int(left), ceil(missing / pace))

    def headers(self, allowance: Allowance) -> dict[str, str]:
        told = {
            "RateLimit-Policy": f'"client";q={self.per_minute};w=60',
            "RateLimit": f'"client";r={allowance.left};t={allowance.seconds}',
        }
        return told if allowance.granted else {**told, "Retry-After": str(allowance.seconds)}
