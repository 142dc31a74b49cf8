"""`lexmill validate` and `lexmill crd`: what an API server would say, and what it is told."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lexmill.jobs.crd import legaljob_crd
from lexmill.jobs.refusals import Refusal, RefusedError, read_legaljob
from lexmill.jobs.schemas import KIND
from lexmill_cli.declaring import read_manifests

_HEAD = "# Made by `lexmill crd` from the models in core/lexmill/jobs; do not edit.\n"


@dataclass(frozen=True)
class Verdict:
    """What an API server would say about one LegalJob."""

    file: Path
    name: str
    refusals: tuple[Refusal, ...]


def validate(files: Sequence[Path]) -> list[Verdict]:
    """One verdict for each LegalJob. Raises CommandError for a file that holds none."""
    return [verdict for file in files for verdict in _verdicts(file)]


def _verdicts(file: Path) -> Iterator[Verdict]:
    for manifest in read_manifests(file):
        if manifest.get("kind") == KIND:
            name = str(manifest["metadata"]["name"])
            yield Verdict(file=file, name=name, refusals=_refusals(manifest))


def _refusals(manifest: dict[str, Any]) -> tuple[Refusal, ...]:
    try:
        read_legaljob(manifest)
    except RefusedError as error:
        return error.refusals
    return ()


def verdict_lines(verdict: Verdict) -> list[str]:
    """One line for each refusal, or one that says that there is none."""
    place = f"{verdict.file}: {verdict.name}"
    return [f"{place}: {refusal}" for refusal in verdict.refusals] or [f"{place}: valid"]


def verdicts_json(verdicts: Sequence[Verdict]) -> str:
    jobs = [
        {
            "file": str(verdict.file),
            "name": verdict.name,
            "valid": not verdict.refusals,
            "refusals": [
                {"path": refusal.path, "message": refusal.message} for refusal in verdict.refusals
            ],
        }
        for verdict in verdicts
    ]
    return json.dumps({"valid": all(job["valid"] for job in jobs), "jobs": jobs})


def crd_text(*, as_json: bool = False) -> str:
    """What `kubectl apply --server-side -f -` takes."""
    crd = legaljob_crd()
    if as_json:
        return json.dumps(crd, indent=2) + "\n"
    return _HEAD + yaml.safe_dump(crd, sort_keys=False, allow_unicode=True, width=100)
