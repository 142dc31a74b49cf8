from lexmill.storage.objects import Objects
from lexmill_workers.finalizing import _Files
from tests.processes import Place


def test_a_large_report_is_put_in_one_piece(place: Place) -> None:
    """The writer gives it in pieces, one right after the other."""
    files = _Files(Objects(place.uri), "1/")
    for name, piece in (
        ("texts/a.txt", b"a"),
        ("report.xlsx", b"first "),
        ("report.xlsx", b"second "),
        ("report.xlsx", b"third"),
        ("results.jsonl", b""),
    ):
        files.add(name, piece)
    files.flush()
    assert (place.folder / "1/texts/a.txt").read_bytes() == b"a"
    assert (place.folder / "1/report.xlsx").read_bytes() == b"first second third"
    assert (place.folder / "1/results.jsonl").read_bytes() == b""
