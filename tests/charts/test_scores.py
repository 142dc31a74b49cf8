"""kube-score complains of nothing but what exceptions.yaml gives reasons for."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.charts import MATRIX, Helm, of_kind, worker_template

EXCEPTIONS = Path(__file__).with_name("exceptions.yaml")
ALL_OK = 10


@dataclass(frozen=True)
class Complaint:
    installation: str
    check: str
    what: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """Left out: everywhere, whatever it is about, whatever it says."""

    check: str
    reason: str
    where: list[str] = field(default_factory=list)
    what: str = ""
    text: str = ""

    def covers(self, complaint: Complaint) -> bool:
        return (
            self.check == complaint.check
            and (not self.where or complaint.installation in self.where)
            and self.what in complaint.what
            and self.text in complaint.text
        )


@pytest.fixture(scope="module")
def complaints(
    helm: Helm, kube_score: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Complaint]:
    file = tmp_path_factory.mktemp("score") / "manifests.yaml"
    found = []
    for values in MATRIX:
        manifests = helm.render(values)
        template = worker_template(manifests)
        # As in a tenant's namespace; only there its NetworkPolicy is looked for.
        account = template["spec"]["serviceAccountName"]
        [place, *_] = [
            each["metadata"]["namespace"]
            for each in of_kind(manifests, "ServiceAccount")
            if each["metadata"]["name"] == account
        ]
        labels = {**template["metadata"]["labels"], "app.kubernetes.io/name": "lexmill-worker"}
        worker = {
            **template,
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "workers", "namespace": place, "labels": labels},
        }
        file.write_text(yaml.safe_dump_all([*manifests, worker]), encoding="utf-8")
        found += scored(kube_score, file, values.stem)
    return found


def scored(program: Path, file: Path, installation: str) -> list[Complaint]:
    run = subprocess.run(
        [str(program), "score", "--output-format", "json", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    scored: list[dict[str, Any]] = json.loads(run.stdout)
    assert scored, run.stderr
    return [
        Complaint(
            installation,
            check["check"]["id"],
            f"{each['type_meta']['kind']} {each['object_meta']['name']}",
            comment["summary"],
        )
        for each in scored
        for check in each["checks"]
        if not check["skipped"] and check["grade"] < ALL_OK
        for comment in check["comments"] or ({"summary": ""},)
    ]


def exceptions() -> list[Allowed]:
    given = yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))
    return [
        Allowed(**{"where" if key == "in" else key: each[key] for key in each}) for each in given
    ]


def test_every_complaint_has_a_reason_to_stay(complaints: list[Complaint]) -> None:
    allowed = exceptions()
    left = [each for each in complaints if not any(one.covers(each) for one in allowed)]
    assert left == []


def test_every_exception_is_still_needed_and_gives_its_reason(
    complaints: list[Complaint],
) -> None:
    for one in exceptions():
        assert len(one.reason) > 20
        assert any(one.covers(each) for each in complaints), one.check
