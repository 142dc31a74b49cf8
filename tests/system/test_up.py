"""`lexmill up`: events from outside become results, also after it was stopped in between."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lexmill_cli.local.processes import free_port
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import DocumentResult
from tests.system.commands import SAMPLES, Workplace, contract, descendants, until, workplace

pytestmark = pytest.mark.system

LISTENING = """
apiVersion: lexmill.io/v1alpha1
kind: LegalJob
metadata: {name: inbox}
spec:
  trigger: {filters: [{exact: {type: com.example.contract.received}}]}
"""
ELSEWHERE = """
---
apiVersion: lexmill.io/v1alpha1
kind: LegalJob
metadata: {name: links}
spec:
  trigger:
    filters: [{exact: {type: com.example.contract.linked}}]
    document: /data/uri
  output: {uri: reports}
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path / "work") as place:
        yield place


def test_events_become_results(place: Workplace) -> None:
    job = place.path("inbox.yaml", LISTENING + ELSEWHERE)
    linked = place.path("contracts/nda.docx", (SAMPLES / "contracts/mutual-nda.docx").read_bytes())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with place.started("up", job, "--port", str(port)) as up:
        until(lambda: f"Lexmill listens on {url}" in up.stderr)
        token = (place.home / "token").read_text(encoding="ascii")
        until(lambda: _job(url, token, "links") is not None)

        answer = _post(
            url, "com.example.contract.received", contract(1), datacontenttype="text/plain"
        )
        assert (answer.status_code, answer.content) == (202, b"")
        (inline,) = until(lambda: _results(place.path("lexmill-results/inbox/1")))
        assert inline.status == "succeeded"
        assert inline.uri.startswith("event:/tests#")
        assert {fact.field for fact in inline.facts} >= {"party", "governing_law"}

        _post(url, "com.example.contract.linked", {"uri": linked.as_uri()})
        (by_link,) = until(lambda: _results(place.path("reports/1")))
        assert (by_link.status, by_link.uri) == ("succeeded", linked.as_uri())

        # Not beneath a folder that was named on the command line.
        _post(url, "com.example.contract.linked", {"uri": "file:///etc/hostname"})
        (refused,) = until(lambda: _results(place.path("reports/2")))
        assert refused.status == "failed"
        assert refused.error is not None
        assert refused.error.code == "outside_roots"

        processes = descendants(up.process.pid)
        up.process.terminate()
        stopped = up.wait(40)
    assert stopped.code == 130
    assert stopped.stdout == ""
    assert "Traceback" not in stopped.stderr
    assert not [process for process in processes if process.is_alive]


def _post(url: str, event_type: str, data: Any, **attributes: str) -> httpx.Response:
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": "/tests",
        "type": event_type,
        "data": data,
        **attributes,
    }
    return httpx.post(
        f"{url}/events",
        content=json.dumps(event),
        headers={"Content-Type": "application/cloudevents+json"},
        timeout=20,
    )


def _job(url: str, token: str, name: str) -> Any:
    answer = httpx.get(
        f"{url}/v1/namespaces/default/jobs/{name}", headers={"Authorization": f"Bearer {token}"}
    )
    return answer.json() if answer.status_code == 200 else None


def _results(folder: Path) -> list[DocumentResult]:
    """Of one run; empty as long as it is not reported."""
    path = folder / "results.jsonl"
    return [read_result(line) for line in path.read_bytes().splitlines()] if path.exists() else []
