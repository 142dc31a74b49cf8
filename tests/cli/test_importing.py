"""A command waits for what it needs, not for what others need: importing it all takes seconds."""

import subprocess
import sys
from pathlib import Path

import pytest

NOBODY_LISTENS = ("--url", "http://127.0.0.1:9", "--token", "none")
HEAVY = {
    *("alembic", "dramatiq", "fastapi", "lxml", "numpy", "obstore", "openpyxl", "PIL", "psycopg"),
    *("pypdfium2", "redis", "sqlalchemy", "yaml"),
    *("lexmill.models", "lexmill_cli.system", "lexmill_legal.extract", "lexmill_legal.playbook"),
    *("lexmill_legal.redaction", "lexmill_legal.reports", "lexmill_migrations"),
}
PROGRAM = """
import atexit, sys
atexit.register(lambda: print("imported", *sys.modules))
from lexmill_cli.entry import main
main()
"""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--help",), 0),
        (("run", "--help"), 0),
        *(
            ((*words, *NOBODY_LISTENS), 3)
            for words in (
                ("jobs", "list"),
                ("jobs", "cancel", "a"),
                ("documents", "list"),
                ("facts", "list"),
                ("review", "list"),
                ("audit", "show"),
                ("playbook", "list"),
                ("statistics",),
            )
        ),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_nothing_heavy_is_imported(words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    imported = set(done.stdout.splitlines()[-1].split())
    assert "lexmill_cli.main" in imported
    assert imported & HEAVY == set()
