from pathlib import Path

from lexmill.storage.objects import Objects
from lexmill_workers.finalizing import _Files


def test_a_large_report_is_put_in_one_piece(tmp_path: Path) -> None:
    """The writer gives it in pieces, one right after the other."""
    files = _Files(Objects(tmp_path.as_uri()), "1/")
    for name, piece in (
        ("texts/a.txt", b"a"),
        ("report.xlsx", b"first "),
        ("report.xlsx", b"second "),
        ("report.xlsx", b"third"),
        ("results.jsonl", b""),
    ):
        files.add(name, piece)
    files.flush()
    assert (tmp_path / "1/texts/a.txt").read_bytes() == b"a"
    assert (tmp_path / "1/report.xlsx").read_bytes() == b"first second third"
    assert (tmp_path / "1/results.jsonl").read_bytes() == b""
