"""The whole way of documents in one process: `python -m tests.workers.elsewhere SECONDS [ORDER]`.

The order of the documents must not matter. Prints the hash of everything that was made, by name.
"""

import datetime as dt
import hashlib
import json
import sys
from pathlib import Path

from lexmill.storage.bundles import decode_bundle
from lexmill_legal.relations import Relations, relation_line
from lexmill_legal.reports import write_reports
from lexmill_legal.result_lines import read_result
from lexmill_legal.results import DocumentResult, ErrorRecord
from lexmill_workers.stages import VERSIONS, Readings, Request, work_on

SAMPLES = Path(__file__).parents[2] / "samples"


def main() -> None:
    playbook = (SAMPLES / "playbook.yaml").read_text(encoding="utf-8")
    texts: dict[str, str] = {}
    results: list[DocumentResult] = []
    made: dict[str, bytes] = {}

    def work(uri: str, name: str, data: bytes, parent: str | None) -> None:
        reply = work_on(
            Request(
                uri=uri,
                parent=parent,
                name=name,
                sha256=hashlib.sha256(data).hexdigest(),
                data=data,
                playbook=playbook,
                stages=tuple(VERSIONS),
                known={},
                recognise=True,
                readings=Readings(engine=None),
            )
        )
        if reply.error is not None:
            error = ErrorRecord(*reply.error)
            results.append(DocumentResult(uri=uri, status="failed", parent=parent, error=error))
            return
        bundle = decode_bundle(reply.bundle)
        made[f"{uri} bundle"] = reply.bundle
        result = read_result(bundle.result)
        assert result.text_sha256 is not None
        texts[result.text_sha256] = bundle.text
        results.append(result)
        for number, file in enumerate(reply.attachments, 1):
            made[f"{uri}#{number}"] = file.data
            work(f"{uri}#{number}", file.name, file.data, uri)

    files = sorted(
        path for folder in ("contracts", "broken") for path in (SAMPLES / folder).iterdir()
    )
    for path in reversed(files) if "reversed" in sys.argv else files:
        work(path.name, path.name, path.read_bytes(), None)
    results.sort(key=lambda result: result.uri)
    relations = Relations()
    for result in results:
        relations.add(result, texts.get(result.text_sha256 or "", ""))
    made["relations.jsonl"] = b"\n".join(relation_line(each) for each in relations.found())

    def sink(name: str, piece: bytes) -> None:
        made[name] = made.get(name, b"") + piece

    write_reports(results, texts.__getitem__, sink)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
    sys.stdout.write(json.dumps({"hashes": hashes, "now": dt.datetime.now(dt.UTC).isoformat()}))
