"""Work that a thread does again and again, aside from all requests."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Rounds:
    """``work`` raises nothing; between two rounds are ``seconds``."""

    name: str
    seconds: float
    work: Callable[[], None]
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The round under way is finished."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self.seconds):
            self.work()
