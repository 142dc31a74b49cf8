"""Which stages a document goes through, and which of them one visit to one pool does."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from lexmill.jobs.schemas import pool_of


class VisitPlan(NamedTuple):
    """``stages`` is all that is done after this visit, what earlier visits did included."""

    stages: tuple[str, ...]
    next_pool: str | None
    next_stage: str | None


def active_stages(
    spec: Mapping[str, Any], *, available: Sequence[str], has_playbook: bool
) -> tuple[str, ...]:
    """The stages that exist and that the job does not skip, in their fixed order.

    Redacted copies are made only for a job that asks for them.
    """
    skipped = set(spec.get("skip", ())) - {"parse"}
    if not has_playbook:
        skipped.add("check")
    if spec.get("redaction") is None:
        skipped.add("redact")
    return tuple(stage for stage in available if stage not in skipped)


def plan_visit(
    spec: Mapping[str, Any], *, stages: Sequence[str], first: str, passing: Collection[str] = ()
) -> VisitPlan:
    """A visit goes on from its first stage for as long as the next stage is in the same pool.

    ``passing`` are stages that few documents need: they end no visit, and whoever finds that the
    document needs one hands it over.
    """
    start = stages.index(first) if first in stages else 0
    pool = pool_of(spec, stages[start])
    for place in range(start + 1, len(stages)):
        stage = stages[place]
        if stage not in passing and pool_of(spec, stage) != pool:
            return VisitPlan(tuple(stages[:place]), pool_of(spec, stage), stage)
    return VisitPlan(tuple(stages), None, None)
