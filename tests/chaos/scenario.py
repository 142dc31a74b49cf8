"""One storm from one seed: 2,000 documents, three senders, one minute; then all is drained."""

import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import psycopg

from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec
from lexmill.storage.sources import file_uri
from tests.chaos.checks import WITNESS, contradictions, what_is_open
from tests.chaos.corpus import TYPES, make_corpus, plan_deliveries
from tests.chaos.parts import Parts, running_parts
from tests.chaos.senders import Sender
from tests.chaos.sink import Told, listening_sink
from tests.chaos.storm import Storm

DOCUMENTS = 2_000
STORM_SECONDS = 60.0
SENDERS = 3
WORKERS = {"contracts": 2, "letters": 1}
SENT_SECONDS = 180
DRAINED_SECONDS = 420
"""The machine is shared, and what a killed API had in hand for the sink waits a minute."""


@dataclass(frozen=True)
class Report:
    seed: int
    wrong: list[str]
    figures: dict[str, object]

    def __str__(self) -> str:
        figures = ", ".join(f"{value} {name}" for name, value in self.figures.items())
        return f"seed {self.seed}: {'; '.join(self.wrong) or 'ok'} ({figures})"


def run_seed(
    seed: int, home: Path, *, documents: int = DOCUMENTS, seconds: float = STORM_SECONDS
) -> Report:
    """Must be called from the main thread."""
    with running_parts(home, apis=2) as parts, listening_sink(seed) as told:
        with psycopg.connect(parts.database) as connection:
            connection.execute(WITNESS)
        for name, workers in WORKERS.items():
            job = _job(name, told, parts)
            parts.declare(job)
            parts.add_workers(job, workers)
        events = make_corpus(seed, documents, folder=parts.documents)
        plans = plan_deliveries(seed, events, senders=SENDERS)
        senders = [
            Sender(parts.urls, plan, seconds=seconds, seed=seed * SENDERS + number)
            for number, plan in enumerate(plans)
        ]
        threads = [sender.start() for sender in senders]
        storm = Storm(parts, random.Random(seed))
        storm.rage(seconds)
        storm.calm()
        quiet = time.monotonic()
        wrong = _wait_for_senders(senders, threads)
        wrong += _drain(parts, storm, "tasks", "runs")
        done = time.monotonic() - quiet
        wrong += _drain(parts, storm, "outgoing")
        told_all = time.monotonic() - quiet
        accepted: Counter[str] = Counter()
        answers: Counter[str] = Counter()
        for sender in senders:
            accepted += sender.accepted
            answers += sender.answers
        wrong += contradictions(parts, events, accepted, told)
        figures = {
            "events": len(events),
            "duplicates": sum(accepted.values()) - len(accepted),
            "repeated requests": answers.total() - answers["202"],
            **_counts(parts),
            **dict(sorted(storm.blows.items())),
            "seconds to drain": round(done, 1),
            "until the sink was told all": round(told_all, 1),
        }
        return Report(seed, wrong, figures)


def _job(name: str, told: Told, parts: Parts) -> DeclaredJob:
    """Contracts are too many for pages and tables to be written in the time of a test."""
    output = {"uri": file_uri(parts.reports), "formats": ["json"]} if name == "contracts" else None
    spec = {
        "output": output,
        "trigger": {"filters": [{"exact": {"type": TYPES[name]}}]},
        "retry": {"limit": 5, "backoffSeconds": 1, "maxBackoffSeconds": 5},
        "sink": {"uri": told.url},
    }
    return DeclaredJob(
        uid=uuid.uuid4(), name=name, owner="api", spec=LegalJobSpec.model_validate(spec)
    )


def _wait_for_senders(senders: list[Sender], threads: list[threading.Thread]) -> list[str]:
    deadline = time.monotonic() + SENT_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    for sender in senders:
        sender.stop()
    return [
        f"sender {sender.seed}: {sender.refused or 'was not done in time'}"
        for sender in senders
        if not sender.done
    ]


def _drain(parts: Parts, storm: Storm, *kinds: str) -> list[str]:
    deadline = time.monotonic() + DRAINED_SECONDS
    while left := {kind: count for kind, count in what_is_open(parts).items() if kind in kinds}:
        if time.monotonic() > deadline:
            return [f"left after {DRAINED_SECONDS} s: {left}"]
        storm.heal()  # nothing should end by itself; if it does, a log says so
        time.sleep(0.2)
    return []


def _counts(parts: Parts) -> dict[str, object]:
    row = parts.ask("""
        SELECT (SELECT count(*) FROM document) AS documents, (SELECT count(*) FROM run) AS runs,
          sum(crashes) AS crashes, max(crashes) AS "most crashes", sum(failures) AS failures
        FROM task
    """)[0]
    return dict(zip(("documents", "runs", "crashes", "most crashes", "failures"), row, strict=True))
