"""`lexmill redaction`: a key once, terms checked, and the way back."""

import io
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lexmill_cli.main import main
from lexmill_legal.redaction.pseudonyms import Pseudonyms, derive, table_line

Lexmill = Callable[..., tuple[int, str, str]]
SECRET = b"a key of the tests, which is long enough"


@pytest.fixture
def lexmill(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Lexmill:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lexmill", "redaction", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        output = capsysbinary.readouterr()
        return int(caught.value.code or 0), output.out.decode(), output.err.decode()

    return run


@pytest.fixture
def token(tmp_path: Path) -> str:
    """Of a value in a table two folders above a copy."""
    pseudonyms = Pseudonyms(derive(SECRET))
    token = pseudonyms.token("person", "tom & ann")
    (tmp_path / "key").write_bytes(SECRET)
    (tmp_path / "redacted" / "a").mkdir(parents=True)
    sealed = table_line(pseudonyms.seal(token, "Tom & Ann"))
    (tmp_path / "redacted" / "pseudonyms.jsonl").write_bytes(sealed)
    (tmp_path / "redacted" / "a" / "copy.txt").write_text(f"Dear {token}, dear [PERSON].\n")
    return token


def test_a_key_is_made_once_and_only_for_its_owner(lexmill: Lexmill, tmp_path: Path) -> None:
    code, _, said = lexmill("key", "mine")
    assert (code, "mine" in said) == (0, True)
    made = tmp_path / "mine"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    derive(made.read_bytes())
    before = made.read_bytes()
    code, _, said = lexmill("key", "mine")
    assert (code, made.read_bytes()) == (2, before)
    assert "exists" in said


def test_terms_are_checked(lexmill: Lexmill, tmp_path: Path) -> None:
    (tmp_path / "terms.yaml").write_text("style: grey\n")
    code, _, said = lexmill("check", "terms.yaml")
    assert code == 2
    assert "terms.yaml:1:8" in said


def test_values_come_back_into_a_text(lexmill: Lexmill, token: str) -> None:
    code, said, _ = lexmill("reveal", "redacted/a/copy.txt", "--key", "key")
    assert (code, said) == (0, "Dear Tom & Ann, dear [PERSON].\n")


def test_values_come_back_into_a_word_document(
    lexmill: Lexmill, token: str, tmp_path: Path
) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("word/document.xml", f"<w:t>{token}</w:t>")
        archive.writestr("word/media/x.png", b"\x89PNG\xff")
    (tmp_path / "redacted" / "copy.docx").write_bytes(written.getvalue())
    assert "--out" in lexmill("reveal", "redacted/copy.docx", "--key", "key")[2]
    code, _, said = lexmill("reveal", "redacted/copy.docx", "--key", "key", "--out", "back.docx")
    assert code == 0, said
    with zipfile.ZipFile(tmp_path / "back.docx") as archive:
        assert archive.read("word/document.xml") == b"<w:t>Tom &amp; Ann</w:t>"
        assert archive.read("word/media/x.png") == b"\x89PNG\xff"
    assert stat.S_IMODE((tmp_path / "back.docx").stat().st_mode) == 0o600


def test_a_token_is_looked_up(lexmill: Lexmill, token: str) -> None:
    assert lexmill("reveal", "--token", token, "--key", "key")[:2] == (0, "Tom & Ann\n")
    assert lexmill("reveal", "--token", token.strip("[]"), "--key", "key")[1] == "Tom & Ann\n"
    code, said, why = lexmill("reveal", "--token", "[PERSON-AAAAAAAA]", "--key", "key")
    assert (code, said) == (1, "")
    assert "another job" in why


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--key", "key"), "redacted file, or a token"),
        (("--token", "PERSON", "--key", "key"), "looks like"),
        (("redacted/a/copy.txt", "--key", "none"), "No such file"),
        (("redacted/a/copy.txt", "--key", "redacted/a/copy.txt"), "another key"),
        (("redacted/a/copy.txt", "--key", "key", "--table", "key"), "no line of a table"),
        (("key", "--key", "key", "--table", "none"), "none: No such file"),
        (("copy.pdf", "--key", "key", "--table", "redacted/pseudonyms.jsonl"), "--token"),
        (("bad.docx", "--key", "key", "--out", "b"), "no DOCX"),
    ],
)
def test_what_cannot_be_revealed(
    lexmill: Lexmill, token: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "copy.pdf").write_bytes(b"%PDF-1.7\n")
    (tmp_path / "bad.docx").write_bytes(b"PK\x03\x04")
    code, out, why = lexmill("reveal", *words)
    assert (code, out) == (2, "")
    assert said in why
    assert SECRET.decode() not in why
