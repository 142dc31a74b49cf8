"""A run on a disk that is full says so, and when it is no more."""

from io import StringIO
from pathlib import Path

from rich.console import Console

from lexmill_cli.display import Display
from lexmill_cli.room import Room
from tests.disks import disk, fill
from tests.system.people import requires_root


@requires_root
def test_a_full_disk_is_said_once_and_so_is_its_end(tmp_path: Path) -> None:
    said = StringIO()
    with disk(tmp_path / "home", kibibytes=4096) as home:
        room = Room(home, Display(Console(file=said, width=500)))
        room.look()
        assert said.getvalue() == ""
        filler = fill(home)
        for _ in range(3):
            room.look()
        filler.unlink()
        for _ in range(3):
            room.look()
        assert said.getvalue().splitlines() == [
            f"The disk of {home} is full: make room there. What needs it is tried again.",
            f"The disk of {home} has room again.",
        ]
