"""`lexmill validate` and `lexmill crd`: an API server's judgement without one."""

import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from lexmill.jobs.crd import legaljob_crd
from lexmill_cli.main import main
from tests.core.jobs.legaljobs import CASES, COMPLETE, manifest

COMMITTED = Path(__file__).parents[2] / "manifests" / "crds" / "legaljobs.yaml"
CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "texts"}}

Lexmill = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lexmill(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lexmill:
    def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lexmill", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as caught:
            main()
        output = capsys.readouterr()
        return int(caught.value.code or 0), output.out, output.err

    return run


def yaml_of(*manifests: Mapping[str, Any]) -> str:
    return yaml.safe_dump_all(manifests)


def test_the_rules_that_an_api_server_has(lexmill: Lexmill) -> None:
    """The same table is tried on a real one in tests/controlplane."""
    bad = [manifest(case.bad, name=case.bad_name) for case in CASES.values()]
    code, out, err = lexmill("validate", "-f", "-", "--json", stdin=yaml_of(*bad))
    assert (code, err) == (2, "")
    answer = json.loads(out)
    assert answer["valid"] is False
    for job, (name, case) in zip(answer["jobs"], CASES.items(), strict=True):
        (refusal,) = job["refusals"]
        assert job["valid"] is False
        assert refusal["path"] == case.path, name
        assert refusal["message"].startswith(case.sentence), name


def test_what_an_api_server_takes(lexmill: Lexmill) -> None:
    good = [manifest(case.good, name=case.good_name) for case in CASES.values()]
    complete = [manifest(spec) for spec in COMPLETE.values()]
    code, out, err = lexmill(
        "validate", "-f", "-", "--json", stdin=yaml_of(*good, CONFIG_MAP, *complete)
    )
    answer = json.loads(out)
    assert (code, err) == (0, "")
    assert answer["valid"] is True
    assert len(answer["jobs"]) == len(good) + len(complete)


def test_each_file_and_job_is_told_apart(lexmill: Lexmill, tmp_path: Path) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(yaml_of(manifest({"trigger": {}}, name="fine")))
    jobs = {
        "kind": "List",
        "items": [manifest({"trigger": {}}, name="too"), manifest({"wokers": {}}, name="wrong")],
    }
    two.write_text(yaml_of(jobs))
    code, out, err = lexmill("validate", "-f", str(one), "--file", str(two))
    assert code == 2
    assert out == f"{one}: fine: valid\n{two}: too: valid\n"
    assert err == f'{two}: wrong: unknown field "spec.wokers"\n'


def test_yaml_is_read_as_kubectl_reads_it(lexmill: Lexmill) -> None:
    text = yaml_of(manifest({"trigger": {}, "matter": "DATE"})).replace("DATE", "2026-03-01")
    assert lexmill("validate", "-f", "-", stdin=text) == (0, "-: job: valid\n", "")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "-: there is no LegalJob in this file"),
        (yaml_of(CONFIG_MAP), "-: there is no LegalJob in this file"),
        ("kind: [", "-:1:8: "),
        ("kind: LegalJob\n", "-: a manifest has no metadata"),
    ],
)
def test_a_file_that_cannot_be_judged(lexmill: Lexmill, text: str, sentence: str) -> None:
    code, out, err = lexmill("validate", "-f", "-", stdin=text)
    assert (code, out) == (2, "")
    assert err.startswith(f"lexmill: {sentence}")
    assert err.count("\n") == 1


def test_nothing_named_is_misuse(lexmill: Lexmill) -> None:
    code, out, _ = lexmill("validate")
    assert (code, out) == (2, "")


def test_the_committed_crd_is_what_is_printed(lexmill: Lexmill) -> None:
    code, out, err = lexmill("crd")
    assert (code, err) == (0, "")
    assert out == COMMITTED.read_text(encoding="utf-8")
    code, out, _ = lexmill("crd", "--json")
    assert (code, json.loads(out)) == (0, legaljob_crd())


def test_a_file_needs_no_option(lexmill: Lexmill, tmp_path: Path) -> None:
    assert lexmill("validate", "nowhere.yaml")[::2] == (
        2,
        "lexmill: nowhere.yaml: no such file or folder\n",
    )
    code, _, err = lexmill("validate")
    assert (code, "Name a LegalJob YAML" in err) == (2, True)
