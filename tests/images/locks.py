"""The lock files of the images, and Pythons that have what one of them has and nothing else."""

import importlib.metadata
import re
import sys
import tomllib
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OURS = ("core", "legal", "api", "workers", "operator", "cli", "alembic")
PROCESSES = {
    "api": "lexmill_api",
    "worker": "lexmill_workers",
    "operator": "lexmill_operator",
    "migrate": "lexmill_migrations",
}
"""The lock of each process and its package; the image `worker-ocr` has the lock of `worker`."""


@dataclass(frozen=True)
class Locked:
    name: str
    version: str
    marker: str
    hashes: frozenset[str]

    @property
    def is_for_here(self) -> bool:
        return not self.marker or Marker(self.marker).evaluate()


def read_lock(name: str) -> list[Locked]:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [_entry(line) for line in text.splitlines() if line and not line.startswith("#")]


def _entry(line: str) -> Locked:
    requirement, *hashes = line.split("--hash=")
    name, version, marker = re.fullmatch(r"(\S+)==(\S+)\s*(?:;\s*(.*\S))?\s*", requirement).groups()  # type: ignore[union-attr]
    return Locked(name, version, marker or "", frozenset(each.strip() for each in hashes))


def closure(*wanted: str) -> set[str]:
    """Names of all distributions that these requirements bring with them here, themselves too."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    todo = [Requirement(each) for each in wanted]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        found.add(name)
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                todo += _requirements(requirement.name, extra)
    return found


def _requirements(name: str, extra: str) -> Iterator[Requirement]:
    if name == "lexmill":  # what is installed may be older than the file
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
        yield from map(Requirement, wanted)
        return
    for text in importlib.metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None:
            if not extra:
                yield requirement
        elif requirement.marker.evaluate({"extra": extra}):
            yield requirement


def python_with(lock: str, folder: Path) -> Path:
    """A virtual environment with links to what the lock names, and our own code."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next((folder / "lib").glob("python3*")) / "site-packages"
    for each in read_lock(lock):
        if each.is_for_here:
            _link(importlib.metadata.distribution(each.name), packages)
    roots = "\n".join(str(ROOT / each) for each in OURS)
    (packages / "lexmill.pth").write_text(roots, encoding="utf-8")
    return folder / "bin" / "python"


def _link(distribution: importlib.metadata.Distribution, packages: Path) -> None:
    tops = {PurePosixPath(str(file)).parts[0] for file in distribution.files or ()}
    for top in tops - {"..", "__pycache__"}:
        source = Path(str(distribution.locate_file(top)))
        if not (packages / top).exists():
            (packages / top).symlink_to(source)


if __name__ == "__main__":
    # For people: python -m tests.images.locks images/api.lock FOLDER
    python_with(sys.argv[1], Path(sys.argv[2]))
