"""What the operator says about a LegalJob: its status, and the words for its conditions."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, computed_field
from pydantic.alias_generators import to_camel

from lexmill.jobs.rules import Unique


class ConditionType(StrEnum):
    ACCEPTED = "Accepted"
    WORKERS_READY = "WorkersReady"
    COMPLETE = "Complete"
    FAILED = "Failed"
    SUSPENDED = "Suspended"
    SCALING_LIMITED = "ScalingLimited"


def _whole_seconds(time: datetime) -> datetime:
    """As Kubernetes writes times, so that what is read back compares equal."""
    return time.astimezone(UTC).replace(microsecond=0)


Time = Annotated[AwareDatetime, AfterValidator(_whole_seconds)]
Count = Annotated[int, Field(ge=0, le=2**53)]
ReplicaCount = Annotated[int, Field(ge=0, le=2**31 - 1)]
Generation = Annotated[int, Field(ge=0, le=2**53)]
PoolName = Annotated[str, Field(min_length=1, max_length=63)]
ReasonWord = Annotated[
    str,
    Field(min_length=1, max_length=1024, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"),
]
"""The shape of a reason in the API conventions; the API server holds conditions to it."""
Sentence = Annotated[str, Field(max_length=4096)]


State = Literal["Pending", "Refused", "Running", "Suspended", "Complete", "Failed"]
_STATES: dict[ConditionType, State] = {
    ConditionType.FAILED: "Failed",
    ConditionType.COMPLETE: "Complete",
    ConditionType.SUSPENDED: "Suspended",
}


class _Status(BaseModel):
    """What a newer operator has written is read past, not refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Condition(_Status):
    """One answer to a yes-or-no question about the job, as the Kubernetes API conventions ask."""

    type: Annotated[str, Field(min_length=1, max_length=316)] = Field(
        description="What is asked: Accepted, WorkersReady, Complete, Failed, Suspended or "
        "ScalingLimited; other controllers may add their own."
    )
    status: Literal["True", "False", "Unknown"] = Field(description="The answer.")
    reason: ReasonWord = Field(description="Why, as one word for machines.")
    message: Annotated[str, Field(max_length=32_768)] = Field(
        default="", description="Why, and what to do about it, for people."
    )
    last_transition_time: Time = Field(description="When the answer last changed.")
    observed_generation: Generation = Field(
        default=0, description="The metadata.generation that the answer is about."
    )


class Address(_Status):
    """Where a job that listens takes its events; makes a LegalJob an addressable of Knative."""

    url: Annotated[str, Field(max_length=2048)] = Field(
        description="Where CloudEvents for this job are posted to."
    )
    audience: Annotated[str, Field(max_length=2048)] | None = Field(
        default=None,
        description="For whom a sender's token has to be made, where events need one; Knative asks "
        "for it with authentication-oidc.",
    )


class DocumentsStatus(_Status):
    """How many documents of the run are in which state."""

    listed: Count = Field(default=0, description="Documents found in the sources so far.")
    total: Count = Field(
        default=0, description="Listed documents and those that came out of them, as of a mail."
    )
    queued: Count = Field(default=0, description="Documents that wait for a worker.")
    running: Count = Field(default=0, description="Documents that a worker has in hand.")
    succeeded: Count = Field(default=0, description="Documents that ended with results.")
    failed: Count = Field(
        default=0, description="Documents that ended by their own fault; the results say why."
    )
    dead: Count = Field(
        default=0,
        description="Documents that ended because limits were used up or the job was stopped; "
        "they can be replayed.",
    )


class WorkersStatus(_Status):
    """The main pool as the scale subresource shows it."""

    replicas: ReplicaCount = Field(default=0, description="Worker pods of the main pool.")
    ready: ReplicaCount = Field(default=0, description="Worker pods of the main pool at work.")
    selector: Annotated[str, Field(max_length=4096)] = Field(
        default="", description="Label selector of the main pool's pods, for autoscalers."
    )


class PoolStatus(_Status):
    name: PoolName = Field(description="Name of the pool; main is the pool of spec.workers.")
    replicas: ReplicaCount = Field(default=0, description="Worker pods of the pool.")
    ready: ReplicaCount = Field(default=0, description="Worker pods of the pool at work.")
    waiting: Count = Field(default=0, description="Tasks that a worker may take now.")
    running: Count = Field(default=0, description="Tasks that a worker has in hand.")
    delayed: Count = Field(default=0, description="Retries that are not due yet.")
    applied_generation: Generation = Field(
        default=0,
        description="The metadata.generation of the pool's Deployment as the operator last "
        "applied it; any other is somebody else's change, which is put right.",
    )


class LastScaling(_Status):
    """The latest change of a pool's replicas."""

    pool: PoolName = Field(description="Name of the pool.")
    from_: ReplicaCount = Field(alias="from", description="Replicas before.")
    to: ReplicaCount = Field(description="Replicas since.")
    reason: ReasonWord = Field(description="Why, as one word for machines.")
    message: Sentence = Field(default="", description="Why, for people.")
    time: Time = Field(description="When the operator decided it.")


class RunStatus(_Status):
    """One pass of the job: its only one, that of a schedule's tick, or a replay."""

    number: Count = Field(description="Counts the runs of this job from 1.")
    start_time: Time = Field(description="When the run began.")
    completion_time: Time | None = Field(
        default=None, description="When its reports were written or it was stopped."
    )
    total: Count = Field(default=0, description="Documents of the run.")
    succeeded: Count = Field(default=0, description="Documents that ended with results.")
    failed: Count = Field(default=0, description="Documents that ended by their own fault.")
    dead: Count = Field(default=0, description="Documents that limits or a stop ended.")


class LegalJobStatus(_Status):
    """Written by the operator only."""

    conditions: Annotated[tuple[Condition, ...], Field(max_length=16), Unique(key="type")] = Field(
        default=(), description="Answers to yes-or-no questions, one for each type."
    )
    observed_generation: Generation = Field(
        default=0, description="The metadata.generation that this status is about."
    )
    address: Address | None = Field(
        default=None, description="Where a job that listens takes its events."
    )
    documents: DocumentsStatus | None = Field(
        default=None, description="How many documents of the run are in which state."
    )
    workers: WorkersStatus | None = Field(
        default=None, description="The main pool, as the scale subresource shows it."
    )
    pools: Annotated[tuple[PoolStatus, ...], Field(max_length=16), Unique(key="name")] = Field(
        default=(), description="Workers and work of each pool, the main pool among them."
    )
    start_time: Time | None = Field(default=None, description="When the run began.")
    completion_time: Time | None = Field(default=None, description="When the job ended.")
    last_scaling: LastScaling | None = Field(
        default=None, description="The latest change of a pool's replicas, and why."
    )
    runs: Annotated[tuple[RunStatus, ...], Field(max_length=5)] = Field(
        default=(), description="The latest runs, the newest first."
    )
    counted_demand: Annotated[str, Field(max_length=64)] = Field(
        default="",
        description="The latest change of the demand that the document counts include.",
    )
    declared_hash: Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]*$")] = Field(
        default="", description="SHA-256 of what the operator last declared to Lexmill's API."
    )

    @computed_field(  # type: ignore[prop-decorator]
        description="Ended documents of all, as in 12/40; for printing only.",
        json_schema_extra={"maxLength": 64},
    )
    @property
    def progress(self) -> str:
        if self.documents is None:
            return ""
        ended = self.documents.succeeded + self.documents.failed + self.documents.dead
        return f"{ended}/{self.documents.total}"

    @computed_field(  # type: ignore[prop-decorator]
        description="The conditions in one word; for printing only, programs read the conditions."
    )
    @property
    def state(self) -> State:
        if self._says(ConditionType.ACCEPTED, "False"):
            return "Refused"
        for kind, state in _STATES.items():
            if self._says(kind, "True"):
                return state
        return "Pending" if self.start_time is None else "Running"

    def _says(self, kind: ConditionType, status: str) -> bool:
        found = self.condition(kind)
        return found is not None and found.status == status

    def condition(self, kind: ConditionType) -> Condition | None:
        return next((each for each in self.conditions if each.type == kind), None)

    def manifest(self) -> dict[str, Any]:
        """JSON types under Kubernetes' names; what is not known is left out."""
        return self.model_dump(mode="json", exclude_none=True)
