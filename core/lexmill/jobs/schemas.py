"""The LegalJob as a person writes it, and what crosses the border when one is declared."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from lexmill.events.attributes import is_name
from lexmill.events.filters import FilterError, compile_filters
from lexmill.events.selection import is_pointer
from lexmill.jobs.rules import VALIDATIONS, Rule, Unique, broken, json_type
from lexmill.versions import version_of

GROUP = "lexmill.io"
API_VERSION = "lexmill.io/v1alpha1"
KIND = "LegalJob"

STAGES = ("parse", "ocr", "classify", "segment", "extract", "check", "redact")
"""The stages of a document in their fixed order."""

MAIN_POOL = "main"

LONGEST_NAME = 52
"""Of a LegalJob. With a pool's name it is the name of a Deployment and a label of its pods."""
_LONGEST_LABEL = 63

_OWN_PREFIXES = ("lexmill.io/", "app.kubernetes.io/")


def _cron_field(number: str, names: str = "") -> str:
    """A pattern for numbers, names, ranges and steps of them, and lists of all these."""
    words = names.split()
    ranges = [f"{word}(-({'|'.join(words[index:])}))?" for index, word in enumerate(words)]
    item = f"({'|'.join(['[*]', f'{number}(-{number})?', *ranges])})(/[1-9][0-9]?)?"
    return f"{item}(,{item})*"


_CRON = " ".join(
    (
        _cron_field("[0-5]?[0-9]"),
        _cron_field("([01]?[0-9]|2[0-3])"),
        _cron_field("(0?[1-9]|[12][0-9]|3[01])"),
        _cron_field("(0?[1-9]|1[0-2])", names="JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"),
        _cron_field("[0-7]", names="SUN MON TUE WED THU FRI SAT"),
    )
)
_BACKWARDS = r"(\d+)-(\d+)"
_TIME_ZONE = "[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*"
_DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = f"{_DNS_LABEL}([.]{_DNS_LABEL})*"
_QUALIFIED_NAME = (
    "([a-z0-9][-a-z0-9.]{0,251}[a-z0-9]/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_LONGEST_QUANTITY = 32
_POINTER = "(/([^/~]|~[01])*)+"


def _runs_forwards(cron: str) -> bool:
    return all(int(first) <= int(last) for first, last in re.findall(_BACKWARDS, cron))


def _is_time_zone(name: str) -> bool:
    if not re.fullmatch(_TIME_ZONE, name) or name.lower() == "local":
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _are_attributes(comparisons: Mapping[str, str]) -> bool:
    return all(is_name(name) and name != "data" for name in comparisons)


def _are_free(labels: Mapping[str, str]) -> bool:
    return not any(name.startswith(_OWN_PREFIXES) for name in labels)


_IS_POINTER = Rule(
    cel=f"self.matches('^{_POINTER}$')",
    message="must be a JSON Pointer (RFC 6901) to a part of the event, such as /data/uri",
    holds=is_pointer,
)
_IS_CRON = Rule(
    cel=f"self.matches('(?i)^{_CRON}$')",
    message="must be five fields with one space between them: minute, hour, day of month, month, "
    "day of week; such as 0 6 * * MON-FRI",
    holds=lambda cron: re.fullmatch(_CRON, cron, re.IGNORECASE | re.ASCII) is not None,
)
_RUNS_FORWARDS = Rule(
    cel=r"self.findAll('[0-9]+-[0-9]+').all(range, "
    "int(range.split('-')[0]) <= int(range.split('-')[1]))",
    message="a range must not end before it begins",
    holds=_runs_forwards,
)
_IS_TIME_ZONE = Rule(
    # An unknown zone is an error while the rule is evaluated, which refuses the object as well.
    cel=f"self.matches('^{_TIME_ZONE}$') && self.lowerAscii() != 'local' && "
    "timestamp('2000-01-01T00:00:00Z').getHours(self) >= 0",
    message="must be a time zone of the IANA database, such as Europe/Berlin",
    holds=_is_time_zone,
)
_ARE_ATTRIBUTES = Rule(
    cel="self.all(name, name.matches('^[a-z0-9]+$') && name != 'data')",
    message="names no attribute: names are made of a-z and 0-9",
    holds=_are_attributes,
)
_ARE_FREE = Rule(
    cel="self.all(name, "
    + " && ".join(f"!name.startsWith('{prefix}')" for prefix in _OWN_PREFIXES)
    + ")",
    message=f"names with {' and '.join(_OWN_PREFIXES)} are the operator's own",
    holds=_are_free,
    reason="FieldValueForbidden",
)
_ARE_NAMES = Rule(
    cel=f"self.all(name, name.matches('^{_QUALIFIED_NAME}$'))",
    message="has a name that Kubernetes does not take: at most 63 letters, digits and -_. between "
    "letters or digits, after a DNS name with / if any",
    holds=lambda names: all(re.fullmatch(_QUALIFIED_NAME, name) for name in names),
)
_IS_SUBDOMAIN = Rule(
    # The API server's own words; this one is not in the CustomResourceDefinition.
    cel="true",
    message="a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
    "'-' or '.', and must start and end with an alphanumeric character",
    holds=lambda name: re.fullmatch(_SUBDOMAIN, name) is not None,
)
_IS_NOT_MAIN = Rule(
    cel=f"self != '{MAIN_POOL}'",
    message=f"the name {MAIN_POOL} belongs to the pool of spec.workers",
    holds=lambda name: name != MAIN_POOL,
)

Stage = Literal["parse", "ocr", "classify", "segment", "extract", "check", "redact"]
DnsLabel = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=_LONGEST_LABEL)
]
DnsSubdomain = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=253)
]
ConfigMapKey = Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)]
Uri = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
HttpUri = Annotated[
    str, StringConstraints(pattern=r"^https?://[^/?#\s]\S*$", min_length=1, max_length=2048)
]
Glob = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Replicas = Annotated[int, Field(ge=0, le=1000)]
Seconds = Annotated[int, Field(ge=0, le=31_536_000)]
OutputFormat = Literal["json", "xlsx", "html", "ics", "redline"]
Owner = Literal["kubernetes", "api", "local"]

AttributeValue = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Comparisons = Annotated[
    dict[str, AttributeValue], Field(min_length=1, max_length=16), _ARE_ATTRIBUTES
]

_AMOUNT = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
_QUANTITY = rf"^\+?{_AMOUNT}(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?[0-9]+))?$"


def _quantity(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise broken(f'must be of type integer,string: "{json_type(value)}"')
    if isinstance(value, int):
        if value < 0:
            raise broken("should be greater than or equal to 0")
        return value
    if len(value) > _LONGEST_QUANTITY:
        raise broken(f"Too long: may not be more than {_LONGEST_QUANTITY} bytes")
    if not re.search(_QUANTITY, value):
        raise broken(f"should match '{_QUANTITY}'")
    return value


Quantity = Annotated[
    int | str,
    PlainValidator(_quantity),
    WithJsonSchema(
        {
            "anyOf": [{"type": "integer"}, {"type": "string"}],
            "minimum": 0,
            "pattern": _QUANTITY,
            "maxLength": _LONGEST_QUANTITY,
            "x-kubernetes-int-or-string": True,
        }
    ),
]
Quantities = Annotated[dict[str, Quantity], Field(max_length=16), _ARE_NAMES]
LabelValue = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=_LONGEST_LABEL
    ),
]
Labels = Annotated[dict[str, LabelValue], Field(max_length=32), _ARE_NAMES]
Annotations = Annotated[
    dict[str, Annotated[str, StringConstraints(max_length=4096)]],
    Field(max_length=32),
    _ARE_NAMES,
]
KubernetesObject = Annotated[
    dict[str, Any],
    Field(max_length=32),
    WithJsonSchema(
        {"type": "object", "maxProperties": 32, "x-kubernetes-preserve-unknown-fields": True}
    ),
]
"""Embedded as Kubernetes has it; its own API server judges it in the Deployment."""


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obeys(self) -> "Any":
        for rule in self.rules:
            rule.check(self)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        described = dict(handler(schema))
        if cls.rules:
            handler.resolve_ref_schema(described)[VALIDATIONS] = [
                rule.manifest() for rule in cls.rules
            ]
        return described


class ConfigMapRef(_Model):
    """A ConfigMap of the LegalJob's namespace."""

    name: DnsSubdomain = Field(description="Name of the ConfigMap.")
    key: ConfigMapKey | None = Field(
        default=None, description="The entry that is meant; absent: its first, or all documents."
    )


class SecretRef(_Model):
    """A Secret of the LegalJob's namespace; only workers read it."""

    name: DnsSubdomain = Field(description="Name of the Secret.")


class DocumentSource(_Model):
    """A folder, file, bucket prefix or ConfigMap whose entries are documents."""

    rules = (
        Rule(
            cel="has(self.uri) != has(self.configMap)",
            message="give exactly one of uri and configMap",
            holds=lambda source: (source.uri is None) != (source.config_map is None),
        ),
    )

    uri: Uri | None = Field(
        default=None, description="Folder, file or bucket prefix, such as s3://contracts/2026/."
    )
    config_map: ConfigMapRef | None = Field(
        default=None, description="ConfigMap whose entries are the documents."
    )
    include: Annotated[tuple[Glob, ...], Field(max_length=32)] = Field(
        default=(), description="Patterns of file names to take, such as *.pdf; absent: all."
    )


class Filter(_Model):
    """One expression of the CloudEvents dialect of Knative Triggers."""

    rules = (
        Rule(
            cel="[has(self.exact), has(self.prefix), has(self.suffix), has(self.all), "
            "has(self.any), has(self.not)].filter(given, given).size() == 1",
            message="is not an object with exactly one dialect",
            holds=lambda filter_: len(filter_.model_fields_set) == 1,
        ),
    )

    exact: Comparisons | None = Field(
        default=None, description="Attributes of the event with the values they have to have."
    )
    prefix: Comparisons | None = Field(
        default=None, description="Attributes with what their values have to begin with."
    )
    suffix: Comparisons | None = Field(
        default=None, description="Attributes with what their values have to end with."
    )
    all: "Annotated[tuple[Filter, ...], Field(min_length=1, max_length=16)] | None" = Field(
        default=None, description="Filters that have to match, every one."
    )
    any: "Annotated[tuple[Filter, ...], Field(min_length=1, max_length=16)] | None" = Field(
        default=None, description="Filters of which one has to match."
    )
    not_: "Filter | None" = Field(
        default=None, alias="not", description="A filter that must not match."
    )


def _compilable(filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
    try:
        compile_filters([each.model_dump(exclude_unset=True) for each in filters])
    except FilterError as error:
        raise broken(error.message, error.path) from error
    return filters


class Trigger(_Model):
    """Which events make documents."""

    filters: Annotated[tuple[Filter, ...], Field(max_length=32), AfterValidator(_compilable)] = (
        Field(
            default=(),
            description="What an event has to match, every one of them; absent: all events match. "
            "The CloudEvents dialect of Knative Triggers.",
        )
    )
    document: Annotated[str, StringConstraints(max_length=256), _IS_POINTER] | None = Field(
        default=None,
        description="JSON Pointer into the event to the URI, or list of URIs, of the documents; "
        "absent: the event's own data is the document.",
    )


class PlaybookRef(_Model):
    """Where the rules are that a document's facts are checked by."""

    config_map: ConfigMapRef = Field(description="ConfigMap that holds the playbook.")


class Passwords(_Model):
    """Where the passwords of protected documents are."""

    secret: SecretRef = Field(description="Secret whose entries are passwords to try.")


class Redaction(_Model):
    """What is blackened besides what Lexmill finds, and how names are replaced."""

    config_map: ConfigMapRef | None = Field(
        default=None, description="ConfigMap with further terms to redact."
    )
    key_secret: SecretRef | None = Field(
        default=None, description="Secret with the key that pseudonyms are made with."
    )


class Resources(_Model):
    """What a worker container gets, as in a pod."""

    limits: Quantities = Field(
        default={}, description="The most that a container may use, by resource."
    )
    requests: Quantities = Field(
        default={}, description="What is set aside for a container, by resource."
    )


class PodTemplate(_Model):
    """What a LegalJob may set of its workers' pods; all else is the installation's."""

    labels: Annotated[Labels, _ARE_FREE] = Field(
        default={}, description="Further labels of the pods."
    )
    annotations: Annotated[Annotations, _ARE_FREE] = Field(
        default={}, description="Further annotations of the pods."
    )
    node_selector: Labels = Field(default={}, description="Labels that a node has to have.")
    tolerations: Annotated[tuple[KubernetesObject, ...], Field(max_length=32)] = Field(
        default=(), description="Taints of nodes that the pods put up with, as in a pod."
    )
    affinity: KubernetesObject | None = Field(
        default=None, description="Which nodes and neighbours the pods want, as in a pod."
    )
    topology_spread_constraints: Annotated[tuple[KubernetesObject, ...], Field(max_length=16)] = (
        Field(default=(), description="How the pods spread over the cluster, as in a pod.")
    )
    priority_class_name: DnsSubdomain | None = Field(
        default=None, description="PriorityClass of the pods."
    )
    runtime_class_name: DnsSubdomain | None = Field(
        default=None, description="RuntimeClass of the pods."
    )


class Workers(_Model):
    """The scaling policy of one pool."""

    rules = (
        Rule(
            cel="self.minReplicas <= self.maxReplicas",
            message="minReplicas must not be greater than maxReplicas",
            holds=lambda workers: workers.min_replicas <= workers.max_replicas,
            field=".minReplicas",
        ),
    )

    mode: Literal["Backlog", "External"] = Field(
        default="Backlog",
        description="Backlog: the operator scales by the work that waits. External: replicas is "
        "obeyed exactly, for an autoscaler that writes it through the scale subresource.",
    )
    replicas: Replicas = Field(
        default=1, description="Worker pods in mode External; ignored in mode Backlog."
    )
    min_replicas: Replicas = Field(
        default=0, description="The fewest pods in mode Backlog while the job has not ended."
    )
    max_replicas: Replicas = Field(default=20, description="The most pods in mode Backlog.")
    backlog_per_replica: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=16, description="How many tasks, waiting or running, ask for one pod."
    )
    threads: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, description="Documents that a pod works on at once."
    )
    resources: Resources = Field(
        default=Resources(), description="CPU, memory and the like of a worker container."
    )
    template: PodTemplate = Field(
        default=PodTemplate(), description="Scheduling, labels and annotations of the pods."
    )


class Pool(_Model):
    """Workers of their own for some stages."""

    name: Annotated[DnsLabel, _IS_NOT_MAIN] = Field(
        description="Name of the pool; its Deployment is called after job and pool."
    )
    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=len(STAGES)), Unique()] = (
        Field(description="Stages that this pool takes over from the main pool.")
    )
    workers: Workers = Field(default=Workers(), description="Scaling policy of the pool.")


class Retry(_Model):
    """What happens after a stage has failed."""

    rules = (
        Rule(
            cel="self.backoffSeconds <= self.maxBackoffSeconds",
            message="maxBackoffSeconds must not be less than backoffSeconds",
            holds=lambda retry: retry.backoff_seconds <= retry.max_backoff_seconds,
            field=".maxBackoffSeconds",
        ),
    )

    limit: Annotated[int, Field(ge=0, le=100)] = Field(
        default=5, description="Retries after the first try."
    )
    backoff_seconds: Annotated[int, Field(ge=0, le=86_400)] = Field(
        default=10, description="Pause before the first retry; it doubles with each."
    )
    max_backoff_seconds: Annotated[int, Field(ge=0, le=604_800)] = Field(
        default=600, description="The longest pause."
    )


class FailurePolicy(_Model):
    """When failing documents stop the whole job."""

    max_failed_percent: Annotated[int, Field(ge=0, le=100)] = Field(
        description="The job fails when more of its documents than this have failed or are dead, "
        "counted once all are listed."
    )
    action: Literal["Stop"] = Field(
        default="Stop", description="Stop: what has not ended by then is not done any more."
    )


class Schedule(_Model):
    """When a run begins; each takes only new or changed documents."""

    cron: Annotated[str, StringConstraints(max_length=128), _IS_CRON, _RUNS_FORWARDS] = Field(
        description="Minute, hour, day of month, month and day of week, such as 0 6 * * MON-FRI."
    )
    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64), _IS_TIME_ZONE] = (
        Field(default="Etc/UTC", description="Time zone of the IANA database for cron.")
    )


class Retention(_Model):
    """How long results are kept; a legal hold beats it."""

    days: Annotated[int, Field(ge=1, le=36_500)] = Field(
        description="Days after the end of a run; deleting the LegalJob changes nothing."
    )


class Output(_Model):
    """Where the reports go."""

    uri: Uri = Field(description="Folder or bucket prefix, such as s3://results/.")
    formats: Annotated[tuple[OutputFormat, ...], Field(max_length=5), Unique()] = Field(
        default=("json", "xlsx", "html"), description="Which reports are written."
    )


class Sink(_Model):
    """Where events about ended documents and runs are sent."""

    uri: HttpUri = Field(description="HTTP address that takes CloudEvents.")


def _no_stage_twice(pools: tuple[Pool, ...]) -> bool:
    stages = [stage for pool in pools for stage in pool.stages]
    return len(set(stages)) == len(stages)


_NO_STAGE_TWICE = Rule(
    cel="self.all(pool, pool.stages.all(stage, "
    "self.filter(other, stage in other.stages).size() == 1))",
    message="a stage may be in one pool only",
    holds=_no_stage_twice,
)


class LegalJobSpec(_Model):
    """What is wanted."""

    rules = (
        Rule(
            cel="has(self.documents) != has(self.trigger)",
            message="give exactly one of documents and trigger",
            holds=lambda spec: (spec.documents is None) != (spec.trigger is None),
        ),
        Rule(
            cel="!has(self.schedule) || has(self.documents)",
            message="schedule goes with documents only: a job that listens takes events any time",
            holds=lambda spec: spec.schedule is None or spec.documents is not None,
            field=".schedule",
            reason="FieldValueForbidden",
        ),
    )

    matter: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = Field(
        default=None, description="File number or the like; goes with every result and export."
    )
    documents: Annotated[tuple[DocumentSource, ...], Field(max_length=100)] | None = Field(
        default=None,
        description="Where the documents are. Exactly one of documents and trigger; it cannot be "
        "changed once the job is accepted.",
    )
    trigger: Trigger | None = Field(
        default=None,
        description="Makes a job that listens: which events make documents. Exactly one of "
        "documents and trigger; it cannot be changed once the job is accepted.",
    )
    priority: Annotated[int, Field(ge=-1000, le=1000)] = Field(
        default=0, description="Of its documents among all that wait in a pool; higher is first."
    )
    skip: Annotated[tuple[Stage, ...], Field(max_length=len(STAGES)), Unique()] = Field(
        default=(), description="Stages that are left out."
    )
    playbook: PlaybookRef | None = Field(
        default=None, description="Rules that the facts are checked by."
    )
    passwords: Passwords | None = Field(
        default=None, description="Passwords of protected documents."
    )
    redaction: Redaction | None = Field(
        default=None, description="Further terms to redact, and the key of pseudonyms."
    )
    workers: Workers = Field(
        default=Workers(),
        description="Scaling policy of the main pool; the scale subresource acts on it.",
    )
    pools: Annotated[tuple[Pool, ...], Field(max_length=8), Unique(key="name"), _NO_STAGE_TWICE] = (
        Field(default=(), description="Pools of their own for some stages; main does all others.")
    )
    retry: Retry = Field(default=Retry(), description="What happens after a stage has failed.")
    failure_policy: FailurePolicy | None = Field(
        default=None, description="When failing documents stop the whole job; absent: never."
    )
    complete_within_seconds: Seconds | None = Field(
        default=None,
        description="Scale so that a run is done in this time, as far as maxReplicas goes.",
    )
    active_deadline_seconds: Seconds | None = Field(
        default=None, description="A run that takes longer is stopped and the job fails."
    )
    schedule: Schedule | None = Field(
        default=None, description="Runs again and again; each takes only new or changed documents."
    )
    suspend: bool = Field(
        default=False, description="True: nothing new is begun; what runs ends in order."
    )
    ttl_seconds_after_finished: Seconds | None = Field(
        default=None,
        description="The LegalJob is deleted this long after its end; its results are not.",
    )
    retention: Retention | None = Field(
        default=None, description="How long results are kept; absent: for ever."
    )
    output: Output | None = Field(
        default=None, description="Where the reports go; absent: to the installation's store."
    )
    sink: Sink | None = Field(
        default=None, description="Where events about ended documents and runs are sent."
    )


class ObjectMeta(BaseModel):
    """Only what Lexmill reads; everything else that Kubernetes puts there is let through."""

    model_config = ConfigDict(frozen=True, extra="allow", alias_generator=to_camel)

    name: Annotated[str, StringConstraints(max_length=253), _IS_SUBDOMAIN]
    namespace: DnsLabel = "default"


def _names_fit(job: "LegalJob") -> bool:
    return all(
        len(job.metadata.name) + 1 + len(pool.name) <= _LONGEST_LABEL for pool in job.spec.pools
    )


_WAS_ACCEPTED = (
    "has(oldSelf.status) && has(oldSelf.status.conditions) && oldSelf.status.conditions.exists("
    "condition, condition.type == 'Accepted' && condition.status == 'True')"
)


def _immutable(field: str) -> Rule:
    new, old = f"self.spec.{field}", f"oldSelf.spec.{field}"
    return Rule(
        # With CEL's optionals (`self.spec.?documents`) its cost would be estimated as too high.
        cel=f"(has({new}) == has({old}) && (!has({new}) || {new} == {old})) || !({_WAS_ACCEPTED})",
        message=f"{field} cannot be changed once the job is accepted; make a new LegalJob",
        field=f".spec.{field}",
        reason="FieldValueForbidden",
    )


class LegalJob(_Model):
    """Legal documents to work on, the workers to do it, and where the results go."""

    rules = (
        Rule(
            cel=f"self.metadata.name.size() <= {LONGEST_NAME}",
            message=f"metadata.name must have at most {LONGEST_NAME} characters",
            holds=lambda job: len(job.metadata.name) <= LONGEST_NAME,
        ),
        Rule(
            cel="!has(self.spec.pools) || self.spec.pools.all(pool, "
            f"self.metadata.name.size() + 1 + pool.name.size() <= {_LONGEST_LABEL})",
            message=f"metadata.name and a pool's name must have at most {_LONGEST_LABEL - 1} "
            "characters together",
            holds=_names_fit,
            field=".spec.pools",
        ),
        _immutable("documents"),
        _immutable("trigger"),
    )

    api_version: Literal["lexmill.io/v1alpha1"]
    kind: Literal["LegalJob"]
    metadata: ObjectMeta
    spec: LegalJobSpec = Field(description="What is wanted.")
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
    owner: Owner = "api"
    matter: str | None = None
    version: str = ""
    """Changes with what callers can change: not while documents are worked off."""


def job_version(
    *, uid: uuid.UUID, generation: int, spec_hash: str, suspended: bool, outcome: str | None
) -> str:
    return version_of(uid, generation, spec_hash, suspended, outcome)


class JobDeclaration(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was declared, without its workers; the spec has Kubernetes' names."""

    uid: uuid.UUID
    name: str
    owner: Owner
    generation: int
    spec: dict[str, Any]
    config_maps: dict[str, dict[str, str]]
    version: str


class ReplayedJob(msgspec.Struct, frozen=True, kw_only=True):
    """``more``: not everything fitted into one request; ask again for the rest."""

    queued: int
    more: bool


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A job without its documents' counts, which a list would have to count for each."""

    uid: uuid.UUID
    name: str
    owner: Literal["kubernetes", "api", "local"]
    generation: int
    matter: str | None
    state: Literal["Running", "Suspended", "Complete", "Failed"]
    reason: str | None
    message: str | None
    declared_at: datetime
    ended_at: datetime | None
    next_run_at: datetime | None


class ResultFile(msgspec.Struct, frozen=True, kw_only=True):
    run: int
    name: str
    bytes: int
    url: str


class ResultFiles(msgspec.Struct, frozen=True, kw_only=True):
    """``uri`` is where the files are instead, when the job's output names a place.

    ``is_whole``: there are no files but these.
    """

    uri: str | None
    files: tuple[ResultFile, ...]
    is_whole: bool
