"""Room on the disk of a local installation: while there is none, nothing goes on."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from lexmill_cli.display import Display

_FULL_BYTES = 1 << 20


@dataclass
class Room:
    home: Path
    display: Display
    _is_full: bool = False

    def look(self) -> None:
        """Say once that the disk is full, and once that it is no more."""
        was_full, self._is_full = self._is_full, shutil.disk_usage(self.home).free < _FULL_BYTES
        if self._is_full and not was_full:
            self.display.say(
                f"The disk of {self.home} is full: make room there. What needs it is tried again."
            )
        elif was_full and not self._is_full:
            self.display.say(f"The disk of {self.home} has room again.")
