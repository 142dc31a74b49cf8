"""Every table, imported once, so that the metadata is whole for migrations and mappers."""

from lexmill.access.models import ApiToken
from lexmill.database import Base
from lexmill.documents.models import Document, StageOutput
from lexmill.events.models import Event, EventKey, Outgoing
from lexmill.jobs.models import Job, Run
from lexmill.scaling.models import PoolDemand
from lexmill.tasks.models import Task

__all__ = [
    "ApiToken",
    "Base",
    "Document",
    "Event",
    "EventKey",
    "Job",
    "Outgoing",
    "PoolDemand",
    "Run",
    "StageOutput",
    "Task",
]
