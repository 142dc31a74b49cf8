"""How far an upload is, told without counting all files again for each piece."""

from pathlib import Path

from lexmill_cli.uploading import LocalFile, ReadSoFar


def test_what_was_read_is_summed_up_as_it_is_told() -> None:
    first, second = (LocalFile(Path(name), name, 100) for name in ("a", "b"))
    read = ReadSoFar()
    assert [read.told(first, 60), read.told(second, 10), read.told(first, 100)] == [60, 70, 110]
    assert read.told(first, 0) == 10  # begun again
    assert read.told(first, 100) == 110
