from pathlib import Path

import pytest

from lexmill.errors import LexmillError
from lexmill_workers.reading import read_passwords
from lexmill_workers.stages import stage_keys


def test_each_line_of_each_file_is_a_password(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("hunter2\n\nс пробелом \n", encoding="utf-8")
    (tmp_path / "a").write_bytes(b"first\r\nhunter2")
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "c").write_text("hidden")
    (tmp_path / "folder").mkdir()
    assert read_passwords(tmp_path) == ("first", "hunter2", "с пробелом ")


def test_no_folder_has_no_passwords(tmp_path: Path) -> None:
    assert read_passwords(None) == ()
    with pytest.raises(LexmillError, match="passwords_unreadable"):
        read_passwords(tmp_path / "none")


def test_a_protected_document_is_not_read_by_its_hash_alone() -> None:
    def key(*passwords: str) -> bytes:
        keys = stage_keys(
            sha256="1", name="a", playbook_sha256=None, stages=("parse",), passwords=passwords
        )
        return keys["parse"]

    assert len({key(), key("a"), key("a", "b")}) == 3
    assert key("a") == key("a")
