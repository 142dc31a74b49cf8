"""Whether Lexmill has taken a LegalJob: its desired state is declared to the API once."""

import asyncio
import time

from lexmill.errors import LexmillError
from lexmill.jobs.schemas import DeclaredJob, LegalJobSpec
from lexmill_operator.controller import Refusal
from lexmill_operator.declaring import (
    RefusedError,
    declaration,
    named_config_maps,
    read_config_maps,
)
from lexmill_operator.metrics import DECLARATIONS
from lexmill_operator.visit import REFUSED_SECONDS, Visit

_OUR_FAULTS = frozenset({"unauthorised", "forbidden"})
"""What the API says of the operator's token, not of the LegalJob."""
_FEED_LOST_SECONDS = 30.0
"""A declaration that the feed does not show for so long is sent once more."""


async def declare(visit: Visit, spec: LegalJobSpec) -> bool:
    """Tell the API what is wanted unless it knows; True when it was just told.

    Raises RefusedError, or LexmillError where the API takes nothing now.
    """
    names = named_config_maps(spec)
    visit.controller.remember_config_maps(visit.key, names)
    try:
        texts = await read_config_maps(visit.controller.api, visit.key.namespace, names)
    except RefusedError:
        if _is_over(visit, spec):
            return False  # nobody reads them any more
        raise
    declared = declaration(visit.key, visit.body, spec, texts)
    if _is_known(visit, declared):
        return False
    refusal = visit.memory.refusal
    if refusal is not None and refusal.holds_for(declared, REFUSED_SECONDS):
        raise RefusedError(refusal.error.reason, refusal.error.message)
    await _send(visit, declared)
    return True


def _is_known(visit: Visit, declared: DeclaredJob) -> bool:
    memory = visit.memory
    if visit.job is not None and visit.job.spec_hash == declared.spec_hash:
        memory.declared_hash = declared.spec_hash
        return True
    is_told = memory.declared_hash == declared.spec_hash
    if is_told and time.monotonic() - memory.declared_at < _FEED_LOST_SECONDS:
        visit.again_in(_FEED_LOST_SECONDS)
        return True
    return False


def _is_over(visit: Visit, spec: LegalJobSpec) -> bool:
    return spec.schedule is None and visit.job is not None and visit.job.outcome is not None


async def _send(visit: Visit, declared: DeclaredJob) -> None:
    memory = visit.memory
    try:
        await asyncio.to_thread(visit.controller.client.declare, visit.key.namespace, declared)
    except LexmillError as error:
        DECLARATIONS.labels(error.code).inc()
        if error.retryable or error.code in _OUR_FAULTS:
            raise
        reason = "".join(word.capitalize() for word in error.code.split("_"))
        refused = RefusedError(reason, error.message)
        memory.refusal = Refusal(declared.generation, declared.spec_hash, refused, time.monotonic())
        raise refused from error
    DECLARATIONS.labels("accepted").inc()
    memory.declared_hash = declared.spec_hash
    memory.declared_at = time.monotonic()
