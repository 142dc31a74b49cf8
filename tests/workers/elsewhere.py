"""The chain on another day: all who ask for the time, libraries too, get the wrong one."""

import datetime as dt
import sys
import time
from importlib import import_module
from typing import Self


def shift_clock(seconds: float) -> None:
    true_time, true_local, true_gm = time.time, time.localtime, time.gmtime

    class Shifted(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Self:
            return cls.fromtimestamp(time.time(), tz)

        @classmethod
        def utcnow(cls) -> Self:
            return cls.now(dt.UTC).replace(tzinfo=None)

    time.time = lambda: true_time() + seconds
    time.time_ns = lambda: int(time.time() * 1e9)
    time.localtime = lambda at=None: true_local(time.time() if at is None else at)
    time.gmtime = lambda at=None: true_gm(time.time() if at is None else at)
    dt.datetime = Shifted  # type: ignore[misc]


if __name__ == "__main__":
    shift_clock(float(sys.argv[1]))
    import_module("tests.workers.chain").main()
