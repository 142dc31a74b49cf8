"""PostgreSQL has no NUL: whatever has one is refused before it is asked, by a sentence of ours."""

from typing import Any

import pytest

from tests.api.asking import BEARER, Api

pytestmark = pytest.mark.servers

NUL = "a\0b"
DECISION = {"sha256": "1" * 64, "field": "term", "choice": "accept", "value": "2 years"}


def job(**changes: Any) -> dict[str, Any]:
    spec = {"trigger": {}, **changes.pop("spec", {})}
    return {"name": "nul", "spec": spec, **changes}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("jobs", job(spec={"matter": NUL})),
        ("jobs", job(spec={"output": {"uri": NUL}})),
        ("jobs", job(spec={"sink": {"uri": f"http://{NUL}/"}})),
        ("jobs", job(spec={"workers": {"template": {"labels": {"a": NUL}}}})),
        ("jobs", job(spec={"workers": {"template": {"annotations": {"a": NUL}}}})),
        ("jobs", job(spec={"workers": {"template": {"nodeSelector": {"a": NUL}}}})),
        ("jobs", job(spec={"workers": {"template": {"tolerations": [{"key": NUL}]}}})),
        ("jobs", job(spec={"workers": {"template": {"affinity": {"a": {NUL: 1}}}}})),
        ("jobs", job(spec={"trigger": {"filters": [{"exact": {"subject": NUL}}]}})),
        ("jobs", job(spec={"trigger": {"document": f"/{NUL}"}})),
        ("jobs", job(config_maps={"a": {"k": NUL}})),
        ("jobs", job(config_maps={"a": {NUL: "k"}})),
        ("jobs", job(config_maps={NUL: {"a": "k"}})),
        ("reviews", [{**DECISION, "field": NUL}]),
        ("reviews", [{**DECISION, "item": NUL}]),
        ("reviews", [{**DECISION, "value": NUL}]),
        ("reviews", [{**DECISION, "reviewer": NUL}]),
        ("reviews", [{**DECISION, "comment": NUL}]),
        ("reviews", [{**DECISION, "normalized": NUL}]),
        ("reviews", [{**DECISION, "seen": [NUL]}]),
        ("reviews", [{**DECISION, "evidence": {"quote": NUL}}]),
        ("reviews", [{**DECISION, "evidence": {"attributes": {"role": NUL}}}]),
        ("reviews", [{**DECISION, "evidence": {"attributes": {NUL: "buyer"}}}]),
        ("holds", {"matter": NUL, "case": "A", "reason": "B"}),
        ("holds", {"matter": "A", "case": NUL, "reason": "B"}),
        ("holds", {"matter": "A", "case": "A", "reason": NUL}),
        ("tokens", {"name": NUL, "roles": ["reader"]}),
    ],
    ids=lambda part: str(part).replace("\0", "0")[:90],
)
def test_nothing_that_is_sent_has_a_nul(api: Api, path: str, body: object) -> None:
    before = defects(api)
    answer = api.order(f"nul/{path}", body)
    assert answer.status_code == 422, answer.text
    assert defects(api) == before


@pytest.mark.parametrize(
    "path",
    ["matters/a%00b", "playbooks/a%00b", "jobs/a%00b", "facts?value=a%00", "jobs?matter=%00"],
)
def test_nothing_that_is_asked_for_has_a_nul(api: Api, path: str) -> None:
    before = defects(api)
    assert api.get(f"/v1/namespaces/nul/{path}").status_code == 422
    assert defects(api) == before


def test_a_playbook_has_no_nul(api: Api) -> None:
    before = defects(api)
    answer = api.http.put(
        "/v1/namespaces/nul/playbooks/nul",
        content=b'rules: [{id: "a", require: {fact: term}, message: "a\\0b"}]',
        headers={**BEARER, "Content-Type": "application/yaml"},
    )
    assert answer.status_code == 422, answer.text
    assert defects(api) == before


def defects(api: Api) -> list[dict[str, Any]]:
    return [line for line in api.process.lines() if line.get("level") == "error"]
