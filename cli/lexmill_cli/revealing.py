"""From tokens back to what they stand for: in a text, in a DOCX, one at a time."""

import io
import os
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from lexmill_cli.errors import CommandError, Exit
from lexmill_legal.redaction.pseudonyms import (
    TOKEN,
    Pseudonyms,
    RedactionKeyError,
    derive,
    open_table,
    read_table,
    revealed,
)

TABLE = "pseudonyms.jsonl"
_STDIN = Path("-")
_MOST_BYTES = 64 << 20

Values = dict[str, tuple[str, ...]]


def reveal_file(file: Path, *, key: Path, table: Path | None, out: Path | None) -> None:
    """Put the values back into a redacted copy. Raises CommandError."""
    values = _values(table or _table_of(file), key)
    data = _read(file)
    if data.startswith(b"PK") and out is None:
        raise CommandError(Exit.MISUSE, f"{file}: name the DOCX to write with --out.")
    _write(_revealed(file, data, values), out)


def reveal_token(token: str, *, key: Path, table: Path | None) -> tuple[str, ...]:
    """All that it stands for. Raises CommandError."""
    place = table or _table_of(_STDIN)
    return _look_up(token, _values(place, key), place)


def _revealed(file: Path, data: bytes, values: Values) -> bytes:
    if data.startswith(b"PK"):
        return _revealed_docx(file, data, values)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CommandError(
            Exit.MISUSE,
            f"{file}: values can be put back into text and DOCX; of a PDF look each token up with "
            "--token.",
        ) from error
    if data.startswith(b"%PDF"):
        raise CommandError(
            Exit.MISUSE,
            f"{file}: a PDF is a picture of its text; look each token up with --token.",
        )
    return revealed(text, values).encode()


def _revealed_docx(file: Path, data: bytes, values: Values) -> bytes:
    """Tokens were written in one piece, so they are found in the XML as they are."""
    escaped = {token: tuple(map(escape, found)) for token, found in values.items()}
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(made, "w") as target:
            if sum(item.file_size for item in source.infolist()) > _MOST_BYTES:
                raise CommandError(Exit.MISUSE, f"{file}: this DOCX unpacks to too much.")
            for item in source.infolist():
                content = source.read(item)
                if item.filename.endswith(".xml"):
                    content = revealed(content.decode(), escaped).encode()
                target.writestr(item, content)
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError) as error:
        raise CommandError(Exit.MISUSE, f"{file}: this is no DOCX that Lexmill wrote.") from error
    return made.getvalue()


def _look_up(token: str, values: Values, table: Path) -> tuple[str, ...]:
    written = token if token.startswith("[") else f"[{token}]"
    if not TOKEN.fullmatch(written):
        raise CommandError(Exit.MISUSE, "A token looks like [PERSON-7F3KQ2MA].")
    if written not in values:
        raise CommandError(Exit.UNFINISHED, f"The token is not in {table}: it is of another job.")
    return values[written]


def _values(table: Path, key: Path) -> Values:
    try:
        pseudonyms = Pseudonyms(derive(_read(key)))
        return open_table(read_table(_read(table)), pseudonyms)
    except RedactionKeyError as error:
        raise CommandError(Exit.MISUSE, f"{key}: {error}.") from error
    except ValueError as error:
        raise CommandError(Exit.MISUSE, f"{table}: {error}.") from error


def _table_of(file: Path) -> Path:
    """Beside the file or in a folder above it: copies lie in folders as their documents did."""
    folder = Path.cwd() if file == _STDIN else file.resolve().parent
    for place in (folder, folder / "redacted", *folder.parents):
        if (place / TABLE).is_file():
            return place / TABLE
    raise CommandError(
        Exit.MISUSE,
        f"There is no {TABLE} at the file or above it; name it with --table. Without a key of its "
        "own a job writes none, and its tokens lead nowhere.",
    )


def _read(file: Path) -> bytes:
    try:
        data = sys.stdin.buffer.read(_MOST_BYTES) if file == _STDIN else file.read_bytes()
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{file}: {error.strerror}") from error
    return data


def _write(data: bytes, out: Path | None) -> None:
    """What is revealed is for this person's eyes."""
    if out is None:
        sys.stdout.buffer.write(data)
        return
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(data)
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{out}: {error.strerror}") from error
