"""The LegalJob as a person writes it, and what crosses the border when one is declared."""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel

from lexmill.events.filters import FilterError, compile_filters
from lexmill.events.selection import is_pointer

GROUP = "lexmill.io"
API_VERSION = "lexmill.io/v1alpha1"
KIND = "LegalJob"

STAGES = ("parse", "ocr", "classify", "segment", "extract", "check", "redact")
"""The stages of a document in their fixed order."""

MAIN_POOL = "main"

Stage = Literal["parse", "ocr", "classify", "segment", "extract", "check", "redact"]
DnsLabel = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)
]
DnsSubdomain = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)
]
Uri = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Replicas = Annotated[int, Field(ge=0, le=1000)]
Seconds = Annotated[int, Field(ge=0, le=31_536_000)]
OutputFormat = Literal["json", "xlsx", "html", "ics"]
Owner = Literal["kubernetes", "api", "local"]


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class ConfigMapRef(_Model):
    name: DnsSubdomain
    key: Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)] | None = (
        None
    )


class SecretRef(_Model):
    name: DnsSubdomain


class DocumentSource(_Model):
    """A folder, file, bucket prefix or ConfigMap whose entries are documents."""

    uri: Uri | None = None
    config_map: ConfigMapRef | None = None
    include: Annotated[tuple[Glob, ...], Field(max_length=32)] = ()

    @model_validator(mode="after")
    def _one_place(self) -> "DocumentSource":
        if (self.uri is None) == (self.config_map is None):
            raise ValueError("give exactly one of uri and configMap")
        return self


def _compilable(filters: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    try:
        compile_filters(filters)
    except FilterError as error:
        raise ValueError(str(error)) from error
    return filters


def _pointer(text: str) -> str:
    if not is_pointer(text):
        raise ValueError("is no JSON Pointer (RFC 6901) to a part of the event")
    return text


class Trigger(_Model):
    """Which events make documents; filters are the CloudEvents dialect of Knative Triggers."""

    filters: Annotated[
        tuple[dict[str, Any], ...], Field(max_length=32), AfterValidator(_compilable)
    ] = ()
    document: (
        Annotated[
            str, StringConstraints(pattern=r"^/.*$", max_length=256), AfterValidator(_pointer)
        ]
        | None
    ) = None


class PlaybookRef(_Model):
    config_map: ConfigMapRef


class Passwords(_Model):
    secret: SecretRef


class Redaction(_Model):
    config_map: ConfigMapRef | None = None
    key_secret: SecretRef | None = None


class Workers(_Model):
    """The scaling policy of one pool."""

    mode: Literal["Backlog", "External"] = "Backlog"
    replicas: Replicas = 1
    min_replicas: Replicas = 0
    max_replicas: Replicas = 20
    backlog_per_replica: Annotated[int, Field(ge=1, le=100_000)] = 16
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    resources: dict[str, Any] = {}
    template: dict[str, Any] = {}

    @model_validator(mode="after")
    def _ordered(self) -> "Workers":
        if self.min_replicas > self.max_replicas:
            raise ValueError("minReplicas must not be greater than maxReplicas")
        return self


class Pool(_Model):
    name: DnsLabel
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=len(STAGES))]
    workers: Workers = Workers()


class Retry(_Model):
    limit: Annotated[int, Field(ge=0, le=100)] = 5
    backoff_seconds: Annotated[int, Field(ge=0, le=86_400)] = 10
    max_backoff_seconds: Annotated[int, Field(ge=0, le=604_800)] = 600


class FailurePolicy(_Model):
    max_failed_percent: Annotated[int, Field(ge=0, le=100)]
    action: Literal["Stop"] = "Stop"


class Schedule(_Model):
    cron: Annotated[str, StringConstraints(pattern=r"^\S+ \S+ \S+ \S+ \S+$", max_length=128)]
    time_zone: Annotated[str, StringConstraints(max_length=64)] = "Etc/UTC"


class Retention(_Model):
    days: Annotated[int, Field(ge=1, le=36_500)]


class Output(_Model):
    uri: Uri
    formats: Annotated[tuple[OutputFormat, ...], Field(max_length=4)] = ("json", "xlsx", "html")


class Sink(_Model):
    uri: Uri


def _no_stage_twice(pools: tuple[Pool, ...]) -> tuple[Pool, ...]:
    taken: dict[str, str] = {}
    for pool in pools:
        if pool.name == MAIN_POOL:
            raise ValueError(f"the name {MAIN_POOL} belongs to the pool of spec.workers")
        for stage in pool.stages:
            if stage in taken:
                raise ValueError(f"stage {stage} is in the pools {taken[stage]} and {pool.name}")
            taken[stage] = pool.name
    if len({pool.name for pool in pools}) < len(pools):
        raise ValueError("two pools have the same name")
    return pools


class LegalJobSpec(_Model):
    matter: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    documents: Annotated[tuple[DocumentSource, ...], Field(max_length=100)] | None = None
    trigger: Trigger | None = None
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    skip: Annotated[tuple[Stage, ...], Field(max_length=len(STAGES))] = ()
    playbook: PlaybookRef | None = None
    passwords: Passwords | None = None
    redaction: Redaction | None = None
    workers: Workers = Workers()
    pools: Annotated[tuple[Pool, ...], Field(max_length=8), AfterValidator(_no_stage_twice)] = ()
    retry: Retry = Retry()
    failure_policy: FailurePolicy | None = None
    complete_within_seconds: Seconds | None = None
    active_deadline_seconds: Seconds | None = None
    schedule: Schedule | None = None
    suspend: bool = False
    ttl_seconds_after_finished: Seconds | None = None
    retention: Retention | None = None
    output: Output | None = None
    sink: Sink | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> "LegalJobSpec":
        if (self.documents is None) == (self.trigger is None):
            raise ValueError("give exactly one of documents and trigger")
        return self


class ObjectMeta(BaseModel):
    """Only what Lexmill reads; everything else that Kubernetes puts there is let through."""

    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=to_camel)

    name: DnsSubdomain
    namespace: DnsLabel = "default"


class LegalJob(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    api_version: Literal["lexmill.io/v1alpha1"]
    kind: Literal["LegalJob"]
    metadata: ObjectMeta
    spec: LegalJobSpec
    status: dict[str, Any] | None = None


class DeclaredJob(_Model):
    """The data of ``io.lexmill.job.declared.v1``: a job's whole desired state.

    ``spec`` comes without ``workers`` and ``pools[].workers``, so that scaling never changes the
    hash. ``config_maps`` holds the texts of the ConfigMaps that the spec names.
    """

    uid: uuid.UUID
    name: DnsSubdomain
    owner: Owner
    generation: Annotated[int, Field(ge=1)] = 1
    spec: LegalJobSpec
    config_maps: dict[str, dict[str, str]] = {}

    @property
    def spec_hash(self) -> str:
        """Equal for equal desired states, whatever the generation; 64 hexadecimal digits."""
        return hashlib.sha256(
            msgspec.json.encode([self.name, self.body, self.config_maps], order="sorted")
        ).hexdigest()

    @property
    def body(self) -> dict[str, Any]:
        """The spec as stored: JSON types, Kubernetes' names, no scaling policy."""
        body = self.spec.model_dump(mode="json", exclude_defaults=True, exclude={"workers"})
        body["pools"] = [
            {"name": pool.name, "stages": list(pool.stages)} for pool in self.spec.pools
        ]
        return body


def pool_of(spec: Mapping[str, Any], stage: str) -> str:
    """The pool that does a stage of a stored spec; what no pool takes runs in ``main``."""
    for pool in spec.get("pools", ()):
        if stage in pool["stages"]:
            return str(pool["name"])
    return MAIN_POOL


class CancelledJob(_Model):
    """The data of ``io.lexmill.job.cancelled.v1``: no new work; what is queued ends as `dead`."""

    uid: uuid.UUID
    reason: Literal["cancelled", "deleted"] = "cancelled"


class DocumentCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents of a run are in which state; ``listed`` counts without children."""

    listed: int = 0
    total: int = 0
    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    dead: int = 0


class StageTime(msgspec.Struct, frozen=True, kw_only=True):
    """``visits`` worked ``seconds`` in all; ``reused`` more took the output from the cache."""

    stage: str
    visits: int
    seconds: float
    reused: int


class RunProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One pass of a job: what is in it now, or what there was when its reports were written."""

    number: int
    started_at: datetime
    finished_at: datetime | None
    total: int
    succeeded: int
    failed: int
    dead: int


class JobProgress(msgspec.Struct, frozen=True, kw_only=True):
    """What a person who waits for a job wants to know; times are UTC.

    ``runs`` are the newest five, the newest first; ``next_run_at`` is when a schedule ticks next.
    """

    uid: str
    namespace: str
    name: str
    generation: int
    spec_hash: str
    run: int
    state: Literal["Pending", "Running", "Suspended", "Complete", "Failed"]
    reason: str | None
    message: str | None
    listing_done: bool
    documents: DocumentCounts
    stages: tuple[StageTime, ...]
    declared_at: datetime
    run_started_at: datetime | None = None
    finished_at: datetime | None
    next_run_at: datetime | None = None
    runs: tuple[RunProgress, ...] = ()
