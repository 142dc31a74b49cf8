"""LegalJobs that a cluster takes, and for each rule one that it refuses with which sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Spec = Mapping[str, Any]

SOURCES = [{"uri": "s3://contracts/"}]
EXACT: Spec = {"exact": {"type": "io.lexmill.document.received.v1"}}


def manifest(spec: Spec, *, name: str = "job") -> dict[str, Any]:
    return {
        "apiVersion": "lexmill.io/v1alpha1",
        "kind": "LegalJob",
        "metadata": {"name": name},
        "spec": dict(spec),
    }


WORKERS = {
    "mode": "Backlog",
    "replicas": 1,
    "minReplicas": 0,
    "maxReplicas": 20,
    "backlogPerReplica": 16,
    "threads": 1,
    "resources": {"limits": {"cpu": 2, "nvidia.com/gpu": "1"}, "requests": {"memory": "1.5Gi"}},
    "template": {
        "labels": {"team": "legal", "example.com/cost-centre": "14"},
        "annotations": {"example.com/note": "A text of any kind."},
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone"}],
        "priorityClassName": "low",
        "runtimeClassName": "gvisor",
    },
}
COMMON = {
    "matter": "ACME-2026-14",
    "priority": 5,
    "skip": ["redact"],
    "playbook": {"configMap": {"name": "nda-playbook", "key": "playbook.yaml"}},
    "passwords": {"secret": {"name": "pdf-passwords"}},
    "redaction": {
        "configMap": {"name": "terms", "key": "a.txt"},
        "keySecret": {"name": "pseudonym-key"},
    },
    "workers": WORKERS,
    "pools": [{"name": "ocr", "stages": ["ocr"], "workers": WORKERS}],
    "retry": {"limit": 5, "backoffSeconds": 10, "maxBackoffSeconds": 600},
    "failurePolicy": {"maxFailedPercent": 10, "action": "Stop"},
    "completeWithinSeconds": 3600,
    "activeDeadlineSeconds": 7200,
    "suspend": False,
    "ttlSecondsAfterFinished": 86400,
    "retention": {"days": 3650},
    "output": {"uri": "s3://results/", "formats": ["json", "xlsx", "html", "ics", "redline"]},
    "sink": {"uri": "http://broker-ingress.knative-eventing.svc/default/default"},
}
READING: Spec = {
    "documents": [
        {"uri": "s3://contracts/2026/", "include": ["*.pdf", "*.docx"]},
        {"configMap": {"name": "samples", "key": "a.txt"}},
    ],
    "schedule": {"cron": "0 6 * * MON-FRI", "timeZone": "Europe/Berlin"},
    **COMMON,
}
_FLAT = [EXACT, {"prefix": {"subject": "nda/"}}, {"suffix": {"subject": ".pdf"}}]


def _nested(filters: list[Spec]) -> list[Spec]:
    return [{"all": filters}, {"any": filters}, *({"not": filter_} for filter_ in filters)]


_DEEP: list[Spec] = [*_FLAT, {"all": _FLAT}, {"any": _FLAT}, {"not": EXACT}]
LISTENING: Spec = {
    "trigger": {
        "filters": [*_DEEP, *_nested(_DEEP)],
        "document": "/data/uri",
    },
    **COMMON,
}
COMPLETE = {"reading": READING, "listening": LISTENING}
"""Together they have every field that there is."""


@dataclass(frozen=True)
class Case:
    """A rule that no mere schema can tell."""

    good: Spec
    bad: Spec
    path: str
    sentence: str
    good_name: str = "job"
    bad_name: str = "job"


def scheduled(**schedule: str) -> Spec:
    return {"documents": SOURCES, "schedule": schedule}


def pooled(*pools: Spec) -> Spec:
    return {"documents": SOURCES, "pools": list(pools)}


def working(**workers: Any) -> Spec:
    return {"documents": SOURCES, "workers": workers}


def triggered(**trigger: Any) -> Spec:
    return {"trigger": trigger}


ONE_ORIGIN = "give exactly one of documents and trigger"
ONE_PLACE = "give exactly one of uri and configMap"
MIN_MAX = "minReplicas must not be greater than maxReplicas"
CRON = "must be five fields with one space between them: minute, hour, day of month, month, "
ZONE = "must be a time zone of the IANA database, such as Europe/Berlin"
POINTER = "must be a JSON Pointer (RFC 6901) to a part of the event, such as /data/uri"
DIALECT = "is not an object with exactly one dialect"
ATTRIBUTE = "names no attribute: names are made of a-z and 0-9"
OWN = "names with lexmill.io/ and app.kubernetes.io/ are the operator's own"
NAME = "has a name that Kubernetes does not take: at most 63 letters, digits and -_. between "

CASES = {
    "documents and trigger": Case(
        {"documents": SOURCES}, {"documents": SOURCES, "trigger": {}}, "spec", ONE_ORIGIN
    ),
    "neither documents nor trigger": Case({"trigger": {}}, {"priority": 1}, "spec", ONE_ORIGIN),
    "null is absent": Case(
        {"trigger": {}, "documents": None}, {"documents": None}, "spec", ONE_ORIGIN
    ),
    "uri and configMap": Case(
        {"documents": [{"configMap": {"name": "a"}}]},
        {"documents": [{"uri": "a", "configMap": {"name": "a"}}]},
        "spec.documents[0]",
        ONE_PLACE,
    ),
    "neither uri nor configMap": Case(
        {"documents": SOURCES},
        {"documents": [*SOURCES, {"include": ["*.pdf"]}]},
        "spec.documents[1]",
        ONE_PLACE,
    ),
    "min above max": Case(
        working(minReplicas=2, maxReplicas=2),
        working(minReplicas=3, maxReplicas=2),
        "spec.workers.minReplicas",
        MIN_MAX,
    ),
    "min above the default of max": Case(
        working(minReplicas=20), working(minReplicas=21), "spec.workers.minReplicas", MIN_MAX
    ),
    "min above max in a pool": Case(
        pooled({"name": "ocr", "stages": ["ocr"], "workers": {"maxReplicas": 0}}),
        pooled({"name": "ocr", "stages": ["ocr"], "workers": {"minReplicas": 21}}),
        "spec.pools[0].workers.minReplicas",
        MIN_MAX,
    ),
    "a stage in two pools": Case(
        pooled({"name": "a", "stages": ["ocr"]}, {"name": "b", "stages": ["parse", "extract"]}),
        pooled({"name": "a", "stages": ["ocr"]}, {"name": "b", "stages": ["parse", "ocr"]}),
        "spec.pools",
        "a stage may be in one pool only",
    ),
    "a stage twice in a pool": Case(
        pooled({"name": "a", "stages": ["ocr", "parse"]}),
        pooled({"name": "a", "stages": ["ocr", "ocr"]}),
        "spec.pools[0].stages[1]",
        'Duplicate value: "ocr"',
    ),
    "two pools of one name": Case(
        pooled({"name": "a", "stages": ["ocr"]}, {"name": "b", "stages": ["parse"]}),
        pooled({"name": "a", "stages": ["ocr"]}, {"name": "a", "stages": ["parse"]}),
        "spec.pools[1]",
        'Duplicate value: {"name":"a"}',
    ),
    "a second main pool": Case(
        pooled({"name": "maine", "stages": ["ocr"]}),
        pooled({"name": "main", "stages": ["ocr"]}),
        "spec.pools[0].name",
        "the name main belongs to the pool of spec.workers",
    ),
    "a stage skipped twice": Case(
        {"trigger": {}, "skip": ["ocr", "check"]},
        {"trigger": {}, "skip": ["ocr", "ocr"]},
        "spec.skip[1]",
        'Duplicate value: "ocr"',
    ),
    "a format twice": Case(
        {"trigger": {}, "output": {"uri": "s3://a/", "formats": ["json"]}},
        {"trigger": {}, "output": {"uri": "s3://a/", "formats": ["json", "json"]}},
        "spec.output.formats[1]",
        'Duplicate value: "json"',
    ),
    "a long name": Case(
        {"trigger": {}},
        {"trigger": {}},
        "",
        "metadata.name must have at most 52 characters",
        good_name="a" * 52,
        bad_name="a" * 53,
    ),
    "a long name of job and pool": Case(
        pooled({"name": "b" * 20, "stages": ["ocr"]}),
        pooled({"name": "b" * 20, "stages": ["ocr"]}),
        "spec.pools",
        "metadata.name and a pool's name must have at most 62 characters together",
        good_name="a" * 42,
        bad_name="a" * 43,
    ),
    "a name that is none": Case(
        {"trigger": {}},
        {"trigger": {}},
        "metadata.name",
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "
        "'-' or '.', and must start and end with an alphanumeric character",
        good_name="a.b-c",
        bad_name="a..b",
    ),
    "a schedule of a job that listens": Case(
        scheduled(cron="0 6 * * *"),
        {"trigger": {}, "schedule": {"cron": "0 6 * * *"}},
        "spec.schedule",
        "schedule goes with documents only: a job that listens takes events any time",
    ),
    "a range backwards": Case(
        scheduled(cron="10-30/5,40-50 * 1-15 * *"),
        scheduled(cron="10-30/5,50-40 * 1-15 * *"),
        "spec.schedule.cron",
        "a range must not end before it begins",
    ),
    "a zone that nobody knows": Case(
        scheduled(cron="0 6 * * *", timeZone="America/Argentina/Buenos_Aires"),
        scheduled(cron="0 6 * * *", timeZone="Mars/Base"),
        "spec.schedule.timeZone",
        ZONE,
    ),
    "an offset for a zone": Case(
        scheduled(cron="0 6 * * *", timeZone="Etc/GMT+2"),
        scheduled(cron="0 6 * * *", timeZone="+02:00"),
        "spec.schedule.timeZone",
        ZONE,
    ),
    "the zone of a server": Case(
        scheduled(cron="0 6 * * *", timeZone="UTC"),
        scheduled(cron="0 6 * * *", timeZone="Local"),
        "spec.schedule.timeZone",
        ZONE,
    ),
    "a pointer without a slash": Case(
        triggered(document="/data/items/0/a~1b~0"),
        triggered(document="data"),
        "spec.trigger.document",
        POINTER,
    ),
    "a pointer with a wrong escape": Case(
        triggered(document="/"), triggered(document="/a~2"), "spec.trigger.document", POINTER
    ),
    "backoffs the wrong way round": Case(
        {"trigger": {}, "retry": {"backoffSeconds": 600}},
        {"trigger": {}, "retry": {"backoffSeconds": 601}},
        "spec.retry.maxBackoffSeconds",
        "maxBackoffSeconds must not be less than backoffSeconds",
    ),
    "a filter without a dialect": Case(
        triggered(filters=[EXACT]), triggered(filters=[{}]), "spec.trigger.filters[0]", DIALECT
    ),
    "a filter with two dialects": Case(
        triggered(filters=[{"all": [EXACT, EXACT]}]),
        triggered(filters=[{"not": {**EXACT, "any": [EXACT]}}]),
        "spec.trigger.filters[0].not",
        DIALECT,
    ),
    "an attribute in capitals": Case(
        triggered(filters=[{"exact": {"subject1": "a"}}]),
        triggered(filters=[{"exact": {"Subject": "a"}}]),
        "spec.trigger.filters[0].exact",
        ATTRIBUTE,
    ),
    "data is no attribute": Case(
        triggered(filters=[{"any": [{"prefix": {"datacontenttype": "text/"}}]}]),
        triggered(filters=[{"any": [{"prefix": {"data": "a"}}]}]),
        "spec.trigger.filters[0].any[0].prefix",
        ATTRIBUTE,
    ),
    "a label of the operator": Case(
        working(template={"labels": {"lexmill.iot/a": "b"}}),
        working(template={"labels": {"lexmill.io/pool": "b"}}),
        "spec.workers.template.labels",
        OWN,
    ),
    "an annotation of the operator": Case(
        working(template={"annotations": {"example.com/app.kubernetes.io": "b"}}),
        working(template={"annotations": {"app.kubernetes.io/name": "b"}}),
        "spec.workers.template.annotations",
        OWN,
    ),
    "a label's long name": Case(
        working(template={"labels": {"a" * 63: "b"}}),
        working(template={"labels": {"a" * 64: "b"}}),
        "spec.workers.template.labels",
        NAME,
    ),
    "a node label that is none": Case(
        working(template={"nodeSelector": {"example.com/A_b.c": "b"}}),
        working(template={"nodeSelector": {"example.com/": "b"}}),
        "spec.workers.template.nodeSelector",
        NAME,
    ),
    "a resource that is none": Case(
        working(resources={"limits": {"nvidia.com/gpu": 1}}),
        working(resources={"limits": {"two words": 1}}),
        "spec.workers.resources.limits",
        NAME,
    ),
    "less than nothing": Case(
        working(resources={"requests": {"cpu": 0}}),
        working(resources={"requests": {"cpu": -1}}),
        "spec.workers.resources.requests.cpu",
        "should be greater than or equal to 0",
    ),
} | {
    f"the schedule {bad}": Case(
        scheduled(cron=good), scheduled(cron=bad), "spec.schedule.cron", CRON
    )
    for good, bad in (
        ("* * * * *", "* * * *"),
        ("0 6 * * *", "0 6 * * * *"),
        ("59 23 31 12 7", "60 23 31 12 7"),
        ("0 23 * * *", "0 24 * * *"),
        ("0 0 1 * *", "0 0 0 * *"),
        ("0 0 31 * *", "0 0 32 * *"),
        ("0 0 1 1 *", "0 0 1 0 *"),
        ("0 0 1 12 *", "0 0 1 13 *"),
        ("0 0 * * 7", "0 0 * * 8"),
        ("*/15 * * * *", "*/0 * * * *"),
        ("5,10,15-20/2 * * * *", "5,,10 * * * *"),
        ("0 0 * JAN,feb Sun-Tue", "0 0 * JANUARY *"),
        ("0 0 * nov-DEC MON-FRI/2", "0 0 * NOV-jan MON-FRI"),
        ("0 0 * * MON-SAT", "0 0 * * MON-7"),
        ("0 0 * * *", "@daily"),
        ("1 0 * * *", "0  0 * * *"),
    )
}
