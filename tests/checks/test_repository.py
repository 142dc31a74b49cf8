"""What a stranger relies on and no other test would miss."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "lexmill",
    "lexmill_api",
    "lexmill_cli",
    "lexmill_legal",
    "lexmill_migrations",
    "lexmill_operator",
    "lexmill_workers",
}


def tracked_texts() -> dict[str, str]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split("\0")
    texts = {}
    for name in filter(None, names):
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data[:8000]:
            texts[name] = data.decode("utf-8", errors="replace")
    return texts


def test_every_locked_version_has_hashes_and_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    for block in re.split(r"\n(?=\S)", lock.strip()):
        if "==" in block:
            assert "--hash=sha256:" in block, block.partition("\n")[0]


def test_no_file_names_a_machine() -> None:
    path = re.compile(r"(^|[^A-Za-z0-9_.-])/(work|root)/[A-Za-z._-]", re.MULTILINE)
    found = [name for name, text in tracked_texts().items() if path.search(text)]
    assert found == []


def test_the_readme_names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"^\s*make ([a-z-]+)", readme, re.MULTILINE))
    assert named
    assert named <= targets
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", readme):
        assert (ROOT / link).exists(), link


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in a wheel built from this checkout."""
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (path,) = target.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_an_installed_lexmill_is_whole(wheel: set[str]) -> None:
    assert {name.partition("/")[0] for name in wheel} >= PACKAGES
    for package in PACKAGES:
        assert f"{package}/py.typed" in wheel
    sources = {
        str(path.relative_to(root))
        for root in (ROOT / room for room in ("alembic", "api", "cli", "core", "legal", "workers"))
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources <= wheel


def test_an_installed_lexmill_carries_no_tests(wheel: set[str]) -> None:
    assert not [name for name in wheel if name.startswith(("tests/", "samples/", "benchmarks/"))]


SCRIPTS = [
    file for file in sorted((ROOT / "benchmarks").glob("*.py")) if "__main__" in file.read_text()
]


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.stem)
def test_each_benchmark_runs_as_a_script(file: Path) -> None:
    """One is named as a module of the standard library, which the others need."""
    run = subprocess.run(
        [sys.executable, file, "--help"], capture_output=True, check=False, text=True, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr
