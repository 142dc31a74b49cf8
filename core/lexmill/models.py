"""Every table, imported once, so that the metadata is whole for migrations and mappers."""

from lexmill.access.models import ApiToken
from lexmill.audit.models import Audit
from lexmill.database import Base
from lexmill.documents.models import Document, StageOutput
from lexmill.events.models import Event, EventKey, Outgoing
from lexmill.idempotency.models import IdempotencyKey
from lexmill.jobs.models import Job, Run
from lexmill.latches import Latch
from lexmill.playbooks.models import PlaybookVersion
from lexmill.records.models import LegalHold, Tombstone
from lexmill.results.models import FoundFact, Result, RuleFinding
from lexmill.reviews.models import Review
from lexmill.scaling.models import PoolDemand
from lexmill.statistics.models import StatisticDay
from lexmill.tasks.models import Task
from lexmill.tenancy.models import Tenant
from lexmill.uploads.models import Upload

__all__ = [
    "ApiToken",
    "Audit",
    "Base",
    "Document",
    "Event",
    "EventKey",
    "FoundFact",
    "IdempotencyKey",
    "Job",
    "Latch",
    "LegalHold",
    "Outgoing",
    "PlaybookVersion",
    "PoolDemand",
    "Result",
    "Review",
    "RuleFinding",
    "Run",
    "StageOutput",
    "StatisticDay",
    "Task",
    "Tenant",
    "Tombstone",
    "Upload",
]
