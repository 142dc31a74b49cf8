"""Scans in real workers: one pool with the OCR stage, one without."""

import base64

import pytest

from lexmill_legal.result_lines import read_result
from tests.api.asking import Api, event
from tests.processes import until
from tests.workers.test_process import api, post, working
from tests.workers.test_recognising import SENTENCES, needs_tesseract, scan

__all__ = ["api"]

pytestmark = pytest.mark.servers
TASKS = "SELECT pool, state FROM task WHERE job_uid = %s AND kind = 'process' ORDER BY id"


@needs_tesseract
def test_only_scans_go_to_the_pool_that_recognises_them(api: Api) -> None:
    out = api.settings.folder / "scans"
    pools = [{"name": "ocr", "stages": ["ocr"]}]
    uid = api.declare("scans", output={"uri": out.as_uri()}, pools=pools)
    with working(api, "scans", uid) as main:
        post(api, "scans", id="text")
        until((out / "1" / "results.jsonl").exists)
        assert [task.pool for task in api.rows(TASKS, uid)] == ["main"]

        data = base64.b64encode(scan(0)).decode()
        with working(api, "scans", uid, LEXMILL_WORKER__POOL="ocr") as recogniser:
            sent = event(id="scan", data_base64=data, datacontenttype="application/pdf")
            del sent["data"]
            assert api.post(sent, path="/ns/scans/events").status_code == 202
            report = out / "2" / "results.jsonl"
            until(report.exists)
            assert recogniser.stop() == 0
        assert main.stop() == 0
    results = [read_result(line) for line in report.read_bytes().splitlines()]
    (result,) = [each for each in results if each.uri.endswith("#scan")]
    assert result.status == "succeeded"
    assert "governing_law" in {fact.field for fact in result.facts}
    text = (report.parent / "texts" / f"{result.text_sha256}.txt").read_text(encoding="utf-8")
    assert SENTENCES[0] in text
    pools_of = [(task.pool, task.state) for task in api.rows(TASKS, uid)]
    assert pools_of == [("main", "done"), ("main", "done"), ("ocr", "done"), ("main", "done")]
