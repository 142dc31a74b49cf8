"""Settings of every process, from the environment: LEXMILL_DATABASE__URL sets database.url."""

import base64
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict


class _Group(BaseModel):
    # What was set wrongly may be a secret: an error must not show it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class DatabaseSettings(_Group):
    url: SecretStr = Field(
        description="SQLAlchemy URL of PostgreSQL: postgresql+psycopg://… with this process's "
        "login: ingest's for the API, the namespace's for a worker, the owner's for migrations"
    )
    api_url: SecretStr | None = Field(
        default=None,
        description="the same with the login of REST, which sees one namespace at a time; "
        "default: url, whose login has to be the owner's then",
    )
    pool_size: int = Field(default=5, ge=1, le=100)


class QueueSettings(_Group):
    url: SecretStr = Field(description="URL of Valkey or Redis, which carries only wake-ups")
    prefetch: int = Field(default=2, ge=1, description="wake-ups that a worker holds in advance")
    heartbeat_timeout_seconds: int = Field(
        default=60, ge=5, description="after this silence a worker's wake-ups are given back"
    )


class StorageSettings(_Group):
    uri: str = Field(
        pattern=r"^(file:///|s3://[^/])",
        description="where objects lie: file:///folder or s3://bucket/prefix",
    )
    public_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]",
        description="the S3 server as those reach it who upload by a presigned address; default: "
        "as Lexmill itself reaches it",
    )
    file_roots: tuple[Path, ...] = Field(
        default=(), description="folders beneath which file: URIs may be read and written"
    )


class TokenReviewSettings(_Group):
    """Kubernetes' API server is asked whose a token is, and what they may do in a namespace.

    Our own service account needs the right to create `tokenreviews` and `subjectaccessreviews`.
    """

    url: str = "https://kubernetes.default.svc"
    ca_file: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
    token_file: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
    audience: str = Field(default="lexmill", description="for whom a token has to be made")
    allowed: tuple[str, ...] = Field(
        min_length=1,
        description="who may control, and see all namespaces: "
        "system:serviceaccount:<namespace>:<service account>",
    )
    cache_seconds: float = Field(
        default=60, ge=0, le=60, description="a revoked token or right is good for so long at most"
    )
    refusal_cache_seconds: float = Field(default=10, ge=0, le=60)
    timeout_seconds: float = Field(default=3, gt=0, le=30)


class OidcSettings(_Group):
    """An OpenID Connect provider whose signed tokens people and programs come with."""

    issuer: str = Field(
        pattern=r"^https?://", description="as its tokens say in `iss`; keys are found from here"
    )
    audience: str = Field(
        default="lexmill", min_length=1, description="for whom a token has to be made"
    )
    prefix: str = Field(
        default="oidc:",
        min_length=1,
        description="in front of names and groups, so that nobody passes for a service account",
    )
    username_claim: str = "sub"
    groups_claim: str = Field(
        default="groups", description="groups that Kubernetes binds Roles to, in a cluster"
    )
    roles_claim: str = Field(
        default="lexmill_roles",
        description="outside of a cluster: a list of `<namespace>:<role>`, `*` for all namespaces; "
        "the roles are reader, reviewer, submitter and admin",
    )
    leeway_seconds: float = Field(
        default=60, ge=0, le=300, description="by so much clocks may differ"
    )
    keys_seconds: float = Field(default=3600, ge=10, le=86_400)
    timeout_seconds: float = Field(default=3, gt=0, le=30)

    @field_validator("prefix")
    @classmethod
    def _is_nobody_of_kubernetes(cls, prefix: str) -> str:
        if prefix.startswith("system:"):
            raise ValueError("names that begin with system: are Kubernetes' own")
        return prefix


def webhook_key(secret: str) -> bytes:
    """The key that a webhook secret is written for; ValueError where it is none."""
    if not secret.startswith("whsec_"):
        raise ValueError("a webhook secret is written whsec_<base64>")
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if not 24 <= len(key) <= 64:
        raise ValueError("a webhook secret has 24 to 64 bytes")
    return key


class ApiSettings(_Group):
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    default_namespace: str = "default"
    control_token: SecretStr | None = Field(
        default=None, description="bearer token that control events and /v1 take", min_length=16
    )
    token_review: TokenReviewSettings | None = None
    oidc: OidcSettings | None = None
    requests_per_minute: int = Field(
        default=1_200, ge=1, description="of each caller of /v1, in each process"
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(), description="web pages that may call /v1 from a browser (CORS)"
    )
    open_ingest: bool = Field(
        default=True,
        description="take events from everybody who can reach the address; false: only from who "
        "may create legaljobs in the namespace, or signs with its webhook secret",
    )
    webhook_secrets: dict[str, tuple[SecretStr, ...]] = Field(
        default={},
        description="by namespace, several during a rotation: `whsec_` and 24 to 64 bytes in "
        "base64, as Standard Webhooks has them",
    )

    @field_validator("webhook_secrets")
    @classmethod
    def _are_secrets(
        cls, secrets: dict[str, tuple[SecretStr, ...]]
    ) -> dict[str, tuple[SecretStr, ...]]:
        for secret in (each for several in secrets.values() for each in several):
            webhook_key(secret.get_secret_value())
        return secrets

    @model_validator(mode="after")
    def _someone_may_control(self) -> Self:
        if self.control_token is None and self.token_review is None:
            raise ValueError("set control_token, token_review or both")
        return self


class IngestSettings(_Group):
    """What is refused with 413, and what may wait for its commit before senders get 429."""

    event_bytes: int = Field(default=1 << 20, ge=1 << 16)
    control_event_bytes: int = Field(default=8 << 20, ge=1 << 16)
    batch_events: int = Field(default=1_000, ge=1)
    batch_bytes: int = Field(default=16 << 20, ge=1 << 16)
    waiting_events: int = Field(default=20_000, ge=1)
    waiting_bytes: int = Field(default=128 << 20, ge=1 << 16)


class UploadSettings(_Group):
    """Files that people send to a job; what is larger is refused with 413."""

    file_bytes: int = Field(default=256 << 20, ge=1 << 16)
    files: int = Field(default=100, ge=1, description="in one request")
    expires_seconds: int = Field(
        default=3_600, ge=60, le=86_400, description="so long a presigned address is good"
    )
    into_bucket: bool = Field(
        default=True,
        description="presigned addresses are the bucket's own, so that files do not pass through "
        "the API; false where who uploads cannot reach the bucket",
    )


class EgressSettings(_Group):
    allowed_networks: tuple[IPvAnyNetwork, ...] = Field(
        default=(),
        description="private networks in which sinks may be, as 10.96.0.0/12 for the Services of "
        "a cluster; public addresses need none",
    )


class SandboxSettings(_Group):
    memory_bytes: int = Field(default=1 << 30, ge=1 << 27)
    cpu_seconds: int = Field(default=120, ge=1)
    wall_seconds: float = Field(default=180, gt=0)
    documents_per_child: int = Field(
        default=16,
        ge=1,
        description="a child reads so many small documents of one job before it is replaced; "
        "1 gives each document a child of its own",
    )
    allow_without_seccomp: bool = Field(
        default=False,
        description="run where the kernel has no seccomp; documents are then less confined",
    )


class WorkerSettings(_Group):
    namespace: str
    job: str = Field(description="uid of the job whose pool this worker serves")
    pool: str = "main"
    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="names this worker to the scalers: in a cluster its pod; "
        "default: host name and process id",
    )
    threads: int = Field(default=1, ge=1, le=64)
    grace_seconds: float = Field(
        default=600, ge=0, description="how long running visits may go on after SIGTERM"
    )
    max_document_bytes: int = Field(default=256 << 20, ge=1)
    passwords_folder: Path | None = Field(
        default=None,
        description="folder whose files hold the passwords of protected documents, one a line: "
        "in a cluster the Secret that the job names",
    )
    redaction_key: Path | None = Field(
        default=None,
        description="file with the key of pseudonyms, or a folder with that file alone: in a "
        "cluster the Secret that the job names",
    )
    ocr_processes: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="so many pages of a document are recognised at once; default: one a CPU",
    )


class TaskSettings(_Group):
    lease_seconds: float = Field(default=15, gt=0)
    heartbeat_seconds: float = Field(default=5, gt=0)
    max_crashes: int = Field(default=5, ge=1, description="a task is dead at this crash")
    outage_seconds: float = Field(
        default=15,
        gt=0,
        description="what could not be done because a store was away is tried again so much later "
        "at most, as often as it takes",
    )
    sweep_seconds: float = Field(default=1, gt=0)
    housekeeping_seconds: float = Field(
        default=10, gt=0, description="how often uploads that were broken off are swept, and so on"
    )
    purge_delay_seconds: float = Field(
        default=900,
        ge=0,
        description="objects of what was purged are removed so much later: longer than any visit, "
        "which may have begun to read them",
    )
    wake_ups_per_pool: int = Field(default=1000, ge=1)


class TelemetrySettings(_Group):
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(
        default=None,
        description="port of a worker's /metrics, /livez and /readyz; 0 takes a free one",
    )


class Settings(BaseSettings):
    """Only what a process needs has to be set: groups without a default are None when absent."""

    model_config = SettingsConfigDict(
        env_prefix="LEXMILL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    database: DatabaseSettings
    queue: QueueSettings
    storage: StorageSettings
    api: ApiSettings | None = None
    worker: WorkerSettings | None = None
    ingest: IngestSettings = IngestSettings()
    uploads: UploadSettings = UploadSettings()
    egress: EgressSettings = EgressSettings()
    sandbox: SandboxSettings = SandboxSettings()
    tasks: TaskSettings = TaskSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

    @cached_property
    def required_api(self) -> ApiSettings:
        if self.api is None:
            raise ValueError(
                "LEXMILL_API__CONTROL_TOKEN is not set, nor LEXMILL_API__TOKEN_REVIEW__…"
            )
        return self.api

    @cached_property
    def required_worker(self) -> WorkerSettings:
        if self.worker is None:
            raise ValueError("LEXMILL_WORKER__NAMESPACE and LEXMILL_WORKER__JOB are not set")
        return self.worker


class OperatorSettings(_Group):
    """The operator reaches Kubernetes as kubectl does: by its service account or KUBECONFIG."""

    api_url: str = Field(description="Lexmill's API, as the operator reaches it")
    token_file: Path = Field(
        description="projected service-account token for the API's audience; read again each time"
    )
    public_api_url: str | None = Field(
        default=None, description="the API as events reach it, for status.address; default: api_url"
    )
    audience: str = Field(
        default="lexmill",
        min_length=1,
        description="for whom tokens of events' senders are made, for status.address; that of "
        "LEXMILL_API__TOKEN_REVIEW",
    )
    pod_template: Path = Field(description="YAML file with the pod template of workers")
    ocr_image: str | None = Field(
        default=None, description="image of the pool that runs the stage `ocr`; default: the same"
    )
    namespaces: tuple[str, ...] = Field(
        default=(), description="namespaces that are watched; none: all of them"
    )
    lease_namespace: str = "default"
    lease_name: str = "lexmill-operator"
    lease_seconds: float = Field(default=15, ge=1)
    identity: str | None = Field(
        default=None, description="this replica's name in the Lease; default: the host's"
    )
    resync_seconds: float = Field(default=300, gt=0)
    counters_seconds: float = Field(
        default=5, ge=0, description="counters in status are written at most so often"
    )
    stabilization_seconds: float = Field(default=60, ge=0)
    cooldown_seconds: float = Field(default=120, ge=0)
    max_step_up: int | None = Field(default=None, ge=1)
    max_step_down_percent: int = Field(default=50, ge=1, le=100)
    stale_after_seconds: float = Field(default=60, ge=3)


class OperatorProcessSettings(BaseSettings):
    """The operator knows no database, queue or store: their settings are not asked for."""

    model_config = SettingsConfigDict(
        env_prefix="LEXMILL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    operator: OperatorSettings
    telemetry: TelemetrySettings = TelemetrySettings()
