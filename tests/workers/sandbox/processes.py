import time
from collections.abc import Callable
from pathlib import Path


def eventually(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.005)


def states(parent: int) -> dict[int, str]:
    """The children of a process, zombies (Z) too."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text(errors="replace").split(" ", 1)
        except OSError:  # ended meanwhile
            continue
        state, its_parent = rest.rpartition(") ")[2].split()[:2]
        if int(its_parent) == parent:
            found[int(pid)] = state
    return found


def runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    return stat.rpartition(") ")[2].split()[0] != "Z"


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
