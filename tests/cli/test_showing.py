"""Tables as people see them: on a terminal, in a pipe, of what documents say."""

import os
import pty
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lexmill_cli.errors import CommandError, Exit
from lexmill_cli.showing import Cut, cell, printable, show_list, write_pieces

ID = uuid.UUID("01935a7c-5a00-7000-8000-3f2c5b9e1d04")
ROWS = [
    (ID, "a name that is longer than there is room for on a terminal of eighty columns", 7, None),
    (ID, "short", 12, None),
]
PROGRAM = f"""
from uuid import UUID
from lexmill_cli.showing import Cut, show_list
rows = [(UUID("{ID}"), "a name that is longer than there is room for on a terminal of eighty", 7)]
columns = {{"Id": lambda row: row[0], "Name": lambda row: row[1], "Count": lambda row: row[2],
    "Reason": lambda row: None}}
show_list(rows, columns, Cut(wide=WIDE), nothing="Nothing.")
"""


def columns(capsys: pytest.CaptureFixture[str], cut: Cut) -> list[str]:
    names = ("Id", "Name", "Count", "Reason")
    read = {name: lambda row, at=at: row[at] for at, name in enumerate(names)}
    show_list(ROWS, read, cut, nothing="Nothing.")
    return capsys.readouterr().out.splitlines()


def test_in_a_pipe_a_row_is_a_line_and_every_column_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    head, first, second = columns(capsys, Cut())
    assert head.split() == ["Id", "Name", "Count", "Reason"]
    assert first.endswith("eighty columns      7")
    assert second.split() == [str(ID), "short", "12"]
    assert "\x1b" not in head


def terminal(program: str, **more: str) -> list[str]:
    """What stands on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **more}
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 1 << 16):
            shown += piece
    except OSError:  # how Linux says that nobody writes any more
        pass
    os.close(ours)
    assert process.wait(60) == 0
    return shown.decode().replace("\r", "").splitlines()


def test_on_a_terminal_ids_stay_whole_and_names_are_folded() -> None:
    head, *lines = terminal(PROGRAM.replace("WIDE", "False"))
    assert "Reason" not in head  # nothing is in it
    assert all(len(line) <= 80 for line in lines)
    assert len(lines) > 1
    assert lines[0].startswith(str(ID))
    assert "".join(line[38:70].strip() for line in lines).startswith("a name that")


def test_wide_is_as_wide_as_it_is() -> None:
    head, line = terminal(PROGRAM.replace("WIDE", "True"))
    assert "Reason" in head
    assert len(line) > 80


def test_no_colour_where_none_is_wanted() -> None:
    shown = terminal(PROGRAM.replace("WIDE", "False"), NO_COLOR="1")
    assert not any("\x1b[3" in line for line in shown)


def test_a_list_is_cut_and_machines_get_a_record_a_line(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    show_list([{"n": 1}, {"n": 2}], {}, Cut(limit=1, as_json=True), nothing="")
    seen = capsysbinary.readouterr()
    assert seen.out == b'{"n":1}\n'
    assert b"more than 1" in seen.err


def test_nothing_is_said_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    show_list([], {}, Cut(), nothing="There is nothing.")
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == ("", "There is nothing.\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a [2Jb"),
        ("exe.\u202efdp", "exe.fdp"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("договор № 7", "договор № 7"),
        ("契約\x00書", "契約 書"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
    ],
)
def test_what_documents_say_moves_no_cursor(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_cells_read_as_people_write() -> None:
    assert cell(True) == "yes"
    assert cell(None) == ""
    assert cell(datetime(2026, 11, 22, 9, 30, tzinfo=UTC)).startswith("2026-11-2")


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise CommandError(Exit.UNAVAILABLE, "gone")

    out = tmp_path / "file.pdf"
    out.write_bytes(b"before")
    with pytest.raises(CommandError, match="gone"):
        write_pieces(broken(), out)
    assert [path.name for path in tmp_path.iterdir()] == ["file.pdf"]
    assert out.read_bytes() == b"before"
    write_pieces([b"a", b"b"], out)
    assert out.read_bytes() == b"ab"
    with pytest.raises(CommandError, match="No such file"):
        write_pieces([b""], tmp_path / "none" / "file.pdf")
