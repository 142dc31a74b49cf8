"""Documents a second through the whole system, against the same stages in plain loops.

The system: PostgreSQL, Valkey, the API and workers, documents read, parsed in the sandbox, results
committed. The baseline: as many processes as workers, each calling the stages on the same files,
without queue, database or sandbox. Both leave `ocr` out, which is another program's time. Start-up
is printed apart: the system's rate is counted from the moment at which every worker has begun its
first document.

    python benchmarks/pipeline.py [--folder DIR] [--copies N] [--workers N]
"""

import argparse
import hashlib
import json
import multiprocessing
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import msgspec
from rich.console import Console
from sqlalchemy import create_engine, text

from lexmill_cli.declaring import job_of_paths
from lexmill_cli.display import Display
from lexmill_cli.local import postgres
from lexmill_cli.running import run_jobs
from lexmill_cli.system import local_system
from lexmill_workers.plan import active_stages
from lexmill_workers.stages import VERSIONS, Request, warm_up, work

ROOT = Path(__file__).resolve().parent.parent
CUAD = ROOT.parent / "shared" / "data" / "cuad" / "pdf"
SKIPPED = ("ocr",)
STAGES = active_stages({"skip": SKIPPED}, available=tuple(VERSIONS), has_playbook=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=CUAD if CUAD.is_dir() else ROOT / "samples")
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder) / "documents"
        count = copy_documents(arguments.folder, documents, arguments.copies)
        print(f"{count} documents, {arguments.workers} workers", file=sys.stderr)
        baseline = plain_loops(documents, arguments.workers)
        print(f"plain loops: {baseline:.2f} documents/s", file=sys.stderr)
        value = whole_system(documents, Path(folder), arguments.workers)
    print(
        json.dumps(
            {
                "name": "pipeline",
                "value": round(value, 2),
                "unit": "documents/s",
                "baseline": round(baseline, 2),
                "ratio": round(value / baseline, 3),
            }
        )
    )
    return 0


def copy_documents(source: Path, target: Path, copies: int) -> int:
    """Copies with distinct bytes, so that no result is taken from the cache."""
    target.mkdir()
    files = [path for path in sorted(source.rglob("*")) if path.suffix in {".pdf", ".txt", ".md"}]
    for copy in range(copies):
        for number, path in enumerate(files):
            tail = f"\n%% copy {copy}\n".encode()
            (target / f"{copy:03}-{number:03}{path.suffix}").write_bytes(path.read_bytes() + tail)
    return copies * len(files)


def plain_loops(documents: Path, processes: int) -> float:
    files = sorted(documents.iterdir())
    with multiprocessing.get_context("spawn").Pool(processes, initializer=warm_up) as pool:
        pool.map(_process, files[:processes], chunksize=1)
        started = time.monotonic()
        for _ in pool.imap_unordered(_process, files, chunksize=1):
            pass
        return len(files) / (time.monotonic() - started)


def _process(path: Path) -> int:
    data = path.read_bytes()
    request = Request(
        uri=path.name,
        parent=None,
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        data=data,
        playbook=(ROOT / "samples" / "playbook.yaml").read_text(encoding="utf-8"),
        stages=STAGES,
        known={},
    )
    return len(work(msgspec.msgpack.encode(request)))


def whole_system(documents: Path, folder: Path, workers: int) -> float:
    home, out = folder / "home", folder / "out"
    job = job_of_paths(
        [documents],
        playbook_file=ROOT / "samples" / "playbook.yaml",
        out=out,
        max_workers=workers,
    )
    policy = job.workers["main"].model_copy(update={"min_replicas": workers})
    spec = job.declared.spec.model_copy(update={"skip": SKIPPED})
    declared = job.declared.model_copy(update={"spec": spec})
    job = replace(job, declared=declared, workers={"main": policy})
    started = time.monotonic()
    try:
        with local_system(home, roots=[documents, out], port=None) as system:
            outcome = run_jobs(system, [job], display=Display(Console(stderr=True), quiet=True))
            rate, ramp, after = _measured(system.postgres.url)
    finally:
        postgres.erase(home)
    total = time.monotonic() - started
    print(
        f"whole system: {rate:.2f} documents/s; declared to last worker's first document "
        f"{ramp:.2f} s, reports {after:.2f} s, job {outcome.seconds:.2f} s, all {total:.2f} s; "
        f"{outcome.progress[0].documents}",
        file=sys.stderr,
    )
    return rate


def _measured(url: str) -> tuple[float, float, float]:
    """Documents a second, seconds of start-up, seconds of reports; on the database's clock."""
    engine = create_engine(url)
    with engine.connect() as connection:
        row = connection.execute(
            text("""
                WITH begun AS (
                  SELECT max(first) AS at FROM (
                    SELECT min(started_at) AS first FROM task WHERE kind = 'process' GROUP BY worker
                  ) AS worker
                )
                SELECT begun.at - job.declared_at AS ramp,
                  (SELECT count(*) FROM document WHERE ended_at > begun.at) AS documents,
                  (SELECT max(ended_at) FROM document) - begun.at AS worked,
                  (SELECT max(ended_at) FROM task WHERE kind = 'finalize')
                    - (SELECT max(ended_at) FROM document) AS reports
                FROM begun, job
            """)
        ).one()
    engine.dispose()
    return (
        row.documents / row.worked.total_seconds(),
        row.ramp.total_seconds(),
        row.reports.total_seconds(),
    )


if __name__ == "__main__":
    sys.exit(main())
