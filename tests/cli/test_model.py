"""`lexmill model clauses`: what is typed reaches the trainer, and each end has its sentence."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lexmill_cli.main import main
from lexmill_legal.clauses.training import making
from tests.legal.clauses.corpus import write_corpus

Lexmill = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lexmill(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Lexmill:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lexmill", "model", "clauses", *words])
        with pytest.raises(SystemExit) as caught:
            main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


def test_train_writes_the_model_and_its_card(
    lexmill: Lexmill, corpus: Path, tmp_path: Path
) -> None:
    code, out, err = lexmill("train", "--data", str(corpus), "--out", "made", "--json")
    assert (code, "fold 5 of 5" in err) == (0, True)
    written = json.loads(out)
    assert not written["as_shipped"]
    assert written["sha256"] in (tmp_path / "made" / making.CARD).read_text(encoding="utf-8")


def test_eval_prints_a_table_and_puts_it_into_a_page(
    lexmill: Lexmill, corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "accuracy.md").write_text("# Accuracy\n", encoding="utf-8")
    code, out, _ = lexmill("eval", "--data", str(corpus), "--write", "accuracy.md")
    assert code == 0
    assert "|governing_law|40|" in out
    assert out.strip() in (tmp_path / "accuracy.md").read_text(encoding="utf-8")


def test_eval_as_json(lexmill: Lexmill, corpus: Path) -> None:
    code, out, _ = lexmill("eval", "--data", str(corpus), "--json")
    assert code == 0
    figures = json.loads(out)
    assert figures["contracts"] == 40
    assert {kind["kind"]: kind["contracts"] for kind in figures["kinds"]}["audit_rights"] == 20


def test_a_folder_without_contracts(lexmill: Lexmill, tmp_path: Path) -> None:
    code, out, err = lexmill("eval", "--data", str(tmp_path))
    assert (code, out) == (2, "")
    assert err == f"lexmill: there is no train.jsonl.gz in {tmp_path}.\n"


def test_without_scikit_learn(
    lexmill: Lexmill, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "find_spec", lambda _: None)
    code, _, err = lexmill("train", "--data", str(corpus))
    assert code == 3
    assert "pip install 'lexmill[train]'" in err
