"""The real API server refuses what a LegalJob must not be, and `lexmill validate` says the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from lexmill.jobs.crd import legaljob_crd
from lexmill.jobs.refusals import Refusal, RefusedError, read_legaljob
from tests.controlplane.control_plane import ControlPlane
from tests.core.jobs.constraints import violations
from tests.core.jobs.legaljobs import CASES, COMPLETE, EXACT, SOURCES, Case, Spec, manifest

SCHEMA = legaljob_crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
STRICTLY = {"dryRun": "All", "fieldValidation": "Strict"}
# What the API server adds when it could not look at everything, or when a value is too wrong for
# the scale subresource; and the object itself.
NOWHERE = {"<nil>", ".spec.workers.replicas"}


@dataclass(frozen=True)
class Jobs:
    """The LegalJobs of a namespace."""

    http: httpx.Client
    path: str

    def try_out(self, body: Mapping[str, Any]) -> httpx.Response:
        return self.http.post(self.path, json=body, params=STRICTLY)

    def make(self, spec: Spec, name: str) -> None:
        self.http.post(self.path, json=manifest(spec, name=name)).raise_for_status()

    def get(self, name: str, subresource: str = "") -> dict[str, Any]:
        response = self.http.get(f"{self.path}/{name}{subresource}").raise_for_status()
        body: dict[str, Any] = response.json()
        return body

    def patch(
        self, name: str, body: object, subresource: str = "", *, dry: bool = False
    ) -> httpx.Response:
        return self.http.patch(
            f"{self.path}/{name}{subresource}",
            content=json.dumps(body),
            params=STRICTLY if dry else {},
            headers={"content-type": "application/merge-patch+json"},
        )

    def judge(self, name: str, accepted: str) -> None:
        condition = {
            "type": "Accepted",
            "status": accepted,
            "reason": "Tried",
            "message": "",
            "lastTransitionTime": "2026-03-01T12:00:00Z",
        }
        self.patch(name, {"status": {"conditions": [condition]}}, "/status").raise_for_status()


@pytest.fixture
def jobs(control_plane: ControlPlane, legaljob_crd: None, namespace: str) -> Jobs:
    path = f"/apis/lexmill.io/v1alpha1/namespaces/{namespace}/legaljobs"
    return Jobs(control_plane.http, path)


def refusals_of(response: httpx.Response) -> list[tuple[str, str]]:
    """Field and sentence of each, as the API server has them."""
    status = response.json()
    assert response.status_code in {400, 422}, status
    causes = status.get("details", {}).get("causes")
    if not causes:
        return [("", status["message"])]
    return [(cause["field"], cause["message"]) for cause in causes]


def offline(body: Mapping[str, Any]) -> tuple[Refusal, ...]:
    with pytest.raises(RefusedError) as caught:
        read_legaljob(body)
    return caught.value.refusals


def says(refusals: list[tuple[str, str]], path: str, sentence: str) -> bool:
    return any(
        (field == path or (not path and field in {"", "<nil>"})) and sentence in message
        for field, message in refusals
    )


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_rule(jobs: Jobs, case: Case) -> None:
    good = jobs.try_out(manifest(case.good, name=case.good_name))
    assert good.status_code == 201, good.text
    bad = manifest(case.bad, name=case.bad_name)
    refusals = refusals_of(jobs.try_out(bad))
    assert says(refusals, case.path, case.sentence), refusals
    for refusal in offline(bad):
        assert says(refusals, refusal.path, refusal.message), (refusal, refusals)
    assert {field for field, _ in refusals} <= {case.path} | NOWHERE


@pytest.mark.parametrize("spec", COMPLETE.values(), ids=COMPLETE)
def test_every_constraint_of_the_schema(jobs: Jobs, spec: Spec) -> None:
    good = jobs.try_out(manifest(spec))
    assert good.status_code == 201, good.text
    for violation in violations(SCHEMA["properties"]["spec"], dict(spec), "spec"):
        bad = {**manifest({}), "spec": violation.value}
        refusals = refusals_of(jobs.try_out(bad))
        # An unknown field is found first, and then nothing else is looked for.
        if any("strict decoding error" in message for _, message in refusals):
            assert "unknown field" in violation.sentence or "must be of type" in violation.sentence
        else:
            assert says(refusals, violation.path, violation.sentence), (violation, refusals)


@pytest.mark.parametrize(
    ("spec", "change", "field"),
    [
        ({"documents": SOURCES}, {"documents": [{"uri": "s3://other/"}]}, "documents"),
        ({"documents": SOURCES}, {"documents": [*SOURCES, *SOURCES]}, "documents"),
        ({"documents": SOURCES}, {"documents": None, "trigger": {}}, "documents"),
        ({"trigger": {}}, {"trigger": {"document": "/data/uri"}}, "trigger"),
        ({"trigger": {}}, {"trigger": None, "documents": SOURCES}, "trigger"),
        (
            {"trigger": {"filters": [EXACT]}},
            {"trigger": {"filters": [{"exact": {"type": "other"}}]}},
            "trigger",
        ),
        (
            {"trigger": {"filters": [{"not": {"not": {"not": EXACT}}}]}},
            {"trigger": {"filters": [{"not": {"not": {"not": {"exact": {"type": "other"}}}}}]}},
            "trigger",
        ),
    ],
)
def test_where_work_comes_from_stays_once_accepted(
    jobs: Jobs, spec: Spec, change: Spec, field: str
) -> None:
    jobs.make(spec, "job")
    for accepted in ("False", "Unknown"):
        jobs.judge("job", accepted)
        jobs.patch("job", {"spec": change}, dry=True).raise_for_status()
    jobs.judge("job", "True")
    refusals = refusals_of(jobs.patch("job", {"spec": change}))
    sentence = f"{field} cannot be changed once the job is accepted; make a new LegalJob"
    assert says(refusals, f"spec.{field}", sentence), refusals
    jobs.patch("job", {"spec": {"suspend": True, "priority": 7}}).raise_for_status()
    jobs.patch("job", {"spec": spec, "metadata": {"labels": {"a": "b"}}}).raise_for_status()


def test_status_and_spec_are_written_apart(jobs: Jobs) -> None:
    jobs.make({"trigger": {}}, "job")
    both = {"spec": {"priority": 3}, "status": {"declaredHash": "ab"}}
    jobs.patch("job", both).raise_for_status()
    assert "status" not in jobs.get("job")
    jobs.patch("job", {**both, "spec": {"priority": 4}}, "/status").raise_for_status()
    job = jobs.get("job")
    assert job["spec"]["priority"] == 3
    assert job["status"] == {"declaredHash": "ab"}
    assert job["metadata"]["generation"] == 2
    response = jobs.patch("job", {"status": {"declaredHash": "AB"}}, "/status")
    assert says(refusals_of(response), "status.declaredHash", "should match")


def test_scale_of_a_fresh_object(jobs: Jobs) -> None:
    jobs.make({"trigger": {}}, "job")
    assert jobs.get("job")["spec"]["workers"] == {
        "mode": "Backlog",
        "replicas": 1,
        "minReplicas": 0,
        "maxReplicas": 20,
        "backlogPerReplica": 16,
        "threads": 1,
    }
    scale = jobs.get("job", "/scale")
    assert (scale["spec"], scale["status"]) == ({"replicas": 1}, {"replicas": 0})


def test_scale_reads_and_writes_the_main_pool(jobs: Jobs) -> None:
    jobs.make({"trigger": {}}, "job")
    workers = {"replicas": 2, "ready": 1, "selector": "lexmill.io/pool=main"}
    jobs.patch("job", {"status": {"workers": workers}}, "/status").raise_for_status()
    assert jobs.get("job", "/scale")["status"] == {
        "replicas": 2,
        "selector": "lexmill.io/pool=main",
    }
    jobs.patch("job", {"spec": {"replicas": 7}}, "/scale").raise_for_status()
    assert jobs.get("job")["spec"]["workers"]["replicas"] == 7
    response = jobs.patch("job", {"spec": {"replicas": 1001}}, "/scale")
    assert says(refusals_of(response), "spec.workers.replicas", "less than or equal to 1000")


def test_kubectl_shows_what_matters(
    control_plane: ControlPlane, jobs: Jobs, namespace: str
) -> None:
    jobs.make({"documents": SOURCES, "matter": "ACME-2026-14"}, "nda")
    jobs.make({"trigger": {}, "suspend": True}, "intake")
    status = {
        "state": "Running",
        "progress": "12/40",
        "documents": {"failed": 2, "dead": 1},
        "workers": {"replicas": 4, "ready": 3},
    }
    jobs.patch("nda", {"status": status}, "/status").raise_for_status()

    def get(*words: str) -> list[list[str]]:
        shown = control_plane.kubectl("get", *words, "--namespace", namespace).stdout
        return [line.split() for line in shown.splitlines()]

    header, row = get("lj", "nda")
    assert header == ["NAME", "STATE", "DOCUMENTS", "FAILED", "WORKERS", "AGE"]
    assert row[:5] == ["nda", "Running", "12/40", "2", "3"]
    assert get("legal", "--output", "name") == [
        ["legaljob.lexmill.io/intake"],
        ["legaljob.lexmill.io/nda"],
    ]
    wide = get("legaljobs", "nda", "--output", "wide")
    assert wide[0][6:] == ["DEAD", "MATTER", "SCHEDULE", "SCALING", "COMPLETED"]
    assert wide[1][6:] == ["1", "ACME-2026-14"]
    for selector, name in (("spec.matter=ACME-2026-14", "nda"), ("spec.suspend=true", "intake")):
        found = get("lj", "--field-selector", selector, "--output", "name")
        assert found == [[f"legaljob.lexmill.io/{name}"]]


def test_kubectl_explains_every_field(control_plane: ControlPlane, legaljob_crd: None) -> None:
    shown = control_plane.kubectl("explain", "legaljob.spec", "--recursive").stdout
    for name in SCHEMA["properties"]["spec"]["properties"]:
        assert f"  {name}\t<" in shown
    field = control_plane.kubectl("explain", "lj.spec.workers.minReplicas").stdout
    assert "The fewest pods in mode Backlog while the job has not ended." in field
