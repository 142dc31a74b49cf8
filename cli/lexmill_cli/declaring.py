"""From what a person names on the command line to the jobs that are declared."""

import hashlib
import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args
from urllib.parse import unquote, urlsplit

import yaml

from lexmill.jobs.refusals import RefusedError, read_legaljob
from lexmill.jobs.schemas import (
    KIND,
    ConfigMapRef,
    DeclaredJob,
    DocumentSource,
    LegalJob,
    LegalJobSpec,
    Output,
    OutputFormat,
    PlaybookRef,
    Redaction,
    Retry,
    SecretRef,
    Workers,
)
from lexmill.storage.sources import file_uri
from lexmill_cli.errors import CommandError, Exit
from lexmill_legal import playbook
from lexmill_legal.errors import PlaybookError, TermsError
from lexmill_legal.redaction import load_terms
from lexmill_legal.redaction.pseudonyms import RedactionKeyError, derive
from lexmill_legal.results import file_name

STDIN = Path("-")

ConfigMaps = Mapping[str, Mapping[str, str]]
"""Texts by name and key."""

_PLAYBOOK = ConfigMapRef(name="playbook", key="playbook.yaml")
_TERMS = ConfigMapRef(name="redaction-terms", key="terms.yaml")
_KEY = SecretRef(name="redaction-key")
# A person waits: a disk that is full does not empty itself within ten minutes.
_RETRY = Retry(limit=3, backoff_seconds=1, max_backoff_seconds=10)
# A worker takes about a second to start, in which another one does a dozen documents.
_BACKLOG_PER_REPLICA = 8
# All there are: a person may not know what to ask for.
_FORMATS: Final[tuple[OutputFormat, ...]] = get_args(OutputFormat)
_KEY_BYTES = 4096
_BUCKET = "s3://"
_LONGEST_URI = 2048


KEY_VARIABLE = "LEXMILL_WORKER__REDACTION_KEY"


@dataclass(frozen=True)
class RedactionFiles:
    """What a person named on the command line: terms to redact, the key of pseudonyms."""

    terms: Path | None = None
    key: Path | None = None


_NO_REDACTION = RedactionFiles()


@dataclass(frozen=True)
class LocalJob:
    """A job to declare, with the scaling policies that stay with the scaler, by pool."""

    namespace: str
    declared: DeclaredJob
    workers: Mapping[str, Workers]
    out: Path | None
    """Where the reports are when they are in a local folder."""
    worker_environment: Mapping[str, str] = field(default_factory=dict)
    """What the workers are told beside the job: never what a secret is, but where."""


def job_of_paths(
    paths: Sequence[str | Path],
    *,
    playbook_file: Path | None,
    out: Path,
    max_workers: int,
    redaction: RedactionFiles = _NO_REDACTION,
) -> LocalJob:
    """One job over files, folders and buckets.

    Raises CommandError for what cannot be read or used.
    """
    uris = [_source_uri(path) for path in paths]
    config_maps = {}
    if playbook_file is not None:
        config_maps[_PLAYBOOK.name] = {str(_PLAYBOOK.key): read_playbook(playbook_file)}
    if redaction.terms is not None:
        config_maps[_TERMS.name] = {str(_TERMS.key): read_terms(redaction.terms)}
    if redaction.key is not None and redaction.terms is None:
        raise CommandError(Exit.MISUSE, "--redaction-key goes with --redact TERMS.yaml.")
    spec = LegalJobSpec(
        documents=tuple(DocumentSource(uri=uri) for uri in uris),
        playbook=None if playbook_file is None else PlaybookRef(config_map=_PLAYBOOK),
        redaction=None if redaction.terms is None else _redaction(redaction),
        output=Output(uri=file_uri(out.resolve()), formats=_FORMATS),
        retry=_RETRY,
        workers=Workers(max_replicas=max_workers, backlog_per_replica=_BACKLOG_PER_REPLICA),
    )
    return LocalJob(
        namespace="default",
        declared=DeclaredJob(
            uid=uuid.uuid4(),
            name=_name(uris, out),
            owner="local",
            spec=spec,
            config_maps=config_maps,
        ),
        workers={"main": spec.workers},
        out=out,
        worker_environment=_worker_environment(redaction.key),
    )


def last_name(path: str | Path) -> str:
    """Of a file, a folder, or what is in a bucket."""
    word = str(path)
    return file_name(word) if word.startswith(_BUCKET) else Path(path).resolve().name


def roots_of(jobs: Sequence[LocalJob]) -> list[Path]:
    """What the person named may be read, and the folders of the reports written."""
    sources = [
        path_of(source.uri)
        for job in jobs
        for source in job.declared.spec.documents or ()
        if source.uri is not None and source.uri.startswith("file:")
    ]
    return [*sources, *(job.out for job in jobs if job.out is not None)]


def _source_uri(path: str | Path) -> str:
    word = str(path)
    if word.startswith(_BUCKET) and len(word) <= _LONGEST_URI and urlsplit(word).netloc:
        return word
    if "://" in word and not Path(path).exists():
        raise CommandError(
            Exit.MISUSE, f"{word}: name a file, a folder, or a bucket as s3://bucket/folder/."
        )
    _check_readable(Path(path))
    return file_uri(Path(path).resolve())


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def _redaction(files: RedactionFiles) -> Redaction:
    return Redaction(config_map=_TERMS, key_secret=None if files.key is None else _KEY)


def _worker_environment(key: Path | None) -> dict[str, str]:
    if key is None:
        return {}
    try:
        with key.open("rb") as file:
            derive(file.read(_KEY_BYTES))
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{key}: {error.strerror}") from error
    except RedactionKeyError as error:
        raise CommandError(Exit.MISUSE, f"{key}: {error}.") from error
    return {KEY_VARIABLE: str(key.resolve())}


def jobs_of_yaml(
    path: Path,
    *,
    playbook_file: Path | None,
    out: Path,
    max_workers: int | None,
    redaction: RedactionFiles = _NO_REDACTION,
) -> list[LocalJob]:
    """The LegalJobs of a file that `kubectl apply` takes, with the ConfigMaps beside them.

    Relative URIs are meant relative to the file. Raises CommandError naming line or field.
    """
    manifests = read_manifests(path)
    config_maps = config_maps_of(path, manifests)
    jobs = [validated(path, manifest) for manifest in manifests if manifest.get("kind") == KIND]
    return [
        _localised(
            path,
            job,
            config_maps,
            playbook_file=playbook_file,
            out=out if len(jobs) == 1 else out / job.metadata.name,
            max_workers=max_workers,
            redaction=redaction,
        )
        for job in jobs
    ]


def jobs_for_api(path: Path, *, namespace: str) -> list[tuple[LegalJob, dict[str, dict[str, str]]]]:
    """The LegalJobs of a file as they are, each with those of its ConfigMaps that are beside it.

    Raises CommandError naming line or field, or the namespace that a job is for.
    """
    manifests = read_manifests(path)
    jobs = [
        _for_namespace(path, manifest, namespace)
        for manifest in manifests
        if manifest.get("kind") == KIND
    ]
    texts = config_maps_of(path, manifests)
    for job in jobs:
        check_texts(path, job.spec, texts)
        _check_places(path, job.spec)
    return [
        (job, {name: texts[name] for name in sorted(used_config_maps(job.spec) & texts.keys())})
        for job in jobs
    ]


def _for_namespace(path: Path, manifest: Mapping[str, Any], namespace: str) -> LegalJob:
    own = manifest["metadata"].get("namespace")
    if own not in {None, namespace}:
        raise CommandError(
            Exit.MISUSE, f"{path}: the job is for the namespace {own}: say --namespace {own}."
        )
    return validated(path, manifest)


def _check_places(path: Path, spec: LegalJobSpec) -> None:
    uris = [source.uri for source in spec.documents or ()]
    uris.append(None if spec.output is None else spec.output.uri)
    for uri in uris:
        if uri is not None and "://" not in uri:
            raise CommandError(
                Exit.MISUSE,
                f"{path}: {uri} is beside this file, where an installation does not look: begin it"
                " with file:/// or s3://, or take `lexmill run`.",
            )


def is_manifest(path: Path) -> bool:
    """True for a YAML file that holds a LegalJob; a YAML document that is none is misuse."""
    return path.suffix.lower() in {".yaml", ".yml"} and path.is_file()


def read_manifests(path: Path) -> list[dict[str, Any]]:
    """The manifests of a file, or of stdin for `-`; CommandError where there is no LegalJob."""
    try:
        documents = list(yaml.load_all(_read_text(path), Loader=_Loader))
    except UnicodeDecodeError as error:
        raise CommandError(Exit.MISUSE, f"{path}: this is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = "" if mark is None else f":{mark.line + 1}:{mark.column + 1}"
        raise CommandError(Exit.MISUSE, f"{path}{place}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise CommandError(Exit.MISUSE, f"{path}: this is not YAML") from error
    manifests = [manifest for document in documents for manifest in _items(document)]
    if not any(isinstance(each, dict) and each.get("kind") == KIND for each in manifests):
        raise CommandError(Exit.MISUSE, f"{path}: there is no LegalJob in this file")
    for manifest in manifests:
        if not isinstance(manifest, dict) or not isinstance(manifest.get("metadata"), dict):
            raise CommandError(Exit.MISUSE, f"{path}: a manifest has no metadata")
        if not manifest["metadata"].get("name"):
            raise CommandError(Exit.MISUSE, f"{path}: a manifest has no metadata.name")
    return manifests


class _Loader(yaml.SafeLoader):
    """As kubectl reads YAML: what looks like a date is a text."""


_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _items(document: Any) -> list[Any]:
    """What `kubectl get -o yaml` prints is a List of manifests."""
    if document is None:
        return []
    if isinstance(document, dict) and document.get("kind") == "List":
        return list(document.get("items") or ())
    return [document]


def _read_text(path: Path) -> str:
    if path == STDIN:
        return sys.stdin.buffer.read().decode("utf-8")
    _check_readable(path)
    return path.read_text(encoding="utf-8")


def read_playbook(path: Path) -> str:
    """The text of a playbook that can be used; else CommandError with line and column."""
    return _read_valid(path, playbook.load)


def read_terms(path: Path) -> str:
    """The text of terms to redact that can be used; else CommandError with line and column."""
    return _read_valid(path, load_terms)


def _read_valid(path: Path, load: Callable[[str], object]) -> str:
    _check_readable(path)
    try:
        source = path.read_text(encoding="utf-8")
        load(source)
    except UnicodeDecodeError as error:
        raise CommandError(Exit.MISUSE, f"{path}: this is not UTF-8 text") from error
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{path}: {error.strerror}") from error
    except (PlaybookError, TermsError) as error:
        raise CommandError(
            Exit.MISUSE, f"{path}:{error.line}:{error.column}: {error.message}"
        ) from error
    return source


def _check_readable(path: Path) -> None:
    try:
        if path.is_dir():
            next(path.iterdir(), None)
        else:
            with path.open("rb"):
                pass
    except FileNotFoundError as error:
        raise CommandError(Exit.MISUSE, f"{path}: no such file or folder") from error
    except OSError as error:
        raise CommandError(Exit.MISUSE, f"{path}: {error.strerror}") from error


def config_maps_of(path: Path, manifests: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The texts of a file by name and key."""
    return {
        str(manifest["metadata"]["name"]): _entries(path, manifest)
        for manifest in manifests
        if manifest.get("kind") == "ConfigMap"
    }


def _entries(path: Path, manifest: Mapping[str, Any]) -> dict[str, str]:
    data, name = manifest.get("data") or {}, manifest["metadata"]["name"]
    if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
        raise CommandError(
            Exit.MISUSE, f"{path}: the ConfigMap {name} has data that are no texts by key"
        )
    return {str(key): text for key, text in data.items()}


def validated(path: Path, manifest: Mapping[str, Any]) -> LegalJob:
    try:
        return read_legaljob(manifest)
    except RefusedError as error:
        raise CommandError(Exit.MISUSE, f"{path}: {error}") from error


def _localised(
    path: Path,
    job: LegalJob,
    config_maps: ConfigMaps,
    *,
    playbook_file: Path | None,
    out: Path,
    max_workers: int | None,
    redaction: RedactionFiles,
) -> LocalJob:
    changes: dict[str, Any] = {}
    if playbook_file is not None:
        text = read_playbook(playbook_file)
        config_maps = {**config_maps, _PLAYBOOK.name: {str(_PLAYBOOK.key): text}}
        changes["playbook"] = PlaybookRef(config_map=_PLAYBOOK)
    if redaction.terms is not None:
        text = read_terms(redaction.terms)
        config_maps = {**config_maps, _TERMS.name: {str(_TERMS.key): text}}
        changes["redaction"] = _redaction(redaction)
    spec = job.spec.model_copy(update=changes)
    check_texts(path, spec, config_maps)
    if spec.redaction is not None and spec.redaction.key_secret is not None:
        _check_key_is_named(path, spec.redaction.key_secret, redaction.key)
    used = used_config_maps(spec)
    for name in sorted(used - set(config_maps)):
        raise CommandError(
            Exit.MISUSE, f"{path}: the ConfigMap {name} that the job names is not in this file"
        )
    places: dict[str, Any] = {}
    if spec.documents is not None:
        places["documents"] = tuple(_absolute(path, source) for source in spec.documents)
    if spec.output is None:
        places["output"] = Output(uri=file_uri(out.resolve()), formats=_FORMATS)
    elif "://" not in spec.output.uri:
        places["output"] = spec.output.model_copy(
            update={"uri": file_uri((path.parent / spec.output.uri).resolve())}
        )
    spec = spec.model_copy(update=places)
    return LocalJob(
        namespace=job.metadata.namespace,
        declared=DeclaredJob(
            uid=uuid.uuid4(),
            name=job.metadata.name,
            owner="local",
            spec=spec,
            config_maps={name: dict(config_maps[name]) for name in sorted(used)},
        ),
        workers={
            "main": _limited(spec.workers, max_workers),
            **{pool.name: _limited(pool.workers, max_workers) for pool in spec.pools},
        },
        out=_local_folder(spec.output),
        worker_environment=_worker_environment(redaction.key),
    )


def _check_key_is_named(path: Path, secret: SecretRef, key: Path | None) -> None:
    """A Secret is a cluster's; here the key is a file."""
    if key is None and KEY_VARIABLE not in os.environ:
        raise CommandError(
            Exit.MISUSE,
            f"{path}: the job takes its key of pseudonyms from the Secret {secret.name}, which only"
            f" a cluster has; name a file with --redaction-key, or in {KEY_VARIABLE}.",
        )


def used_config_maps(spec: LegalJobSpec) -> frozenset[str]:
    """By their names."""
    references = [source.config_map for source in spec.documents or ()]
    if spec.playbook is not None:
        references.append(spec.playbook.config_map)
    if spec.redaction is not None:
        references.append(spec.redaction.config_map)
    return frozenset(each.name for each in references if each is not None)


def check_texts(path: Path, spec: LegalJobSpec, config_maps: ConfigMaps) -> None:
    """Raises CommandError where a text of ``path`` is not what the spec takes it for."""
    if spec.playbook is not None:
        _check_text(path, config_maps, spec.playbook.config_map, playbook.load)
    if spec.redaction is not None and spec.redaction.config_map is not None:
        _check_text(path, config_maps, spec.redaction.config_map, load_terms)


def _check_text(
    path: Path, config_maps: ConfigMaps, reference: ConfigMapRef, load: Callable[[str], object]
) -> None:
    entries = config_maps.get(reference.name)
    if entries is None:
        return
    key = reference.key or next(iter(entries), "")
    if key not in entries:
        raise CommandError(
            Exit.MISUSE, f"{path}: the ConfigMap {reference.name} has no key {key!r}"
        )
    try:
        load(entries[key])
    except (PlaybookError, TermsError) as error:
        raise CommandError(
            Exit.MISUSE,
            f"{path}: ConfigMap {reference.name}, key {key}, line {error.line}, "
            f"column {error.column}: {error.message}",
        ) from error


def _absolute(path: Path, source: DocumentSource) -> DocumentSource:
    if source.uri is None or "://" in source.uri:
        return source
    target = path.parent / source.uri.removeprefix("file:")
    _check_readable(target)
    return source.model_copy(update={"uri": file_uri(target.resolve())})


def _limited(workers: Workers, max_workers: int | None) -> Workers:
    if max_workers is None or workers.max_replicas <= max_workers:
        return workers
    return workers.model_copy(
        update={
            "max_replicas": max_workers,
            "min_replicas": min(workers.min_replicas, max_workers),
        }
    )


def _local_folder(output: Output | None) -> Path | None:
    if output is None or not output.uri.startswith("file:"):
        return None
    return path_of(output.uri)


def _name(uris: Sequence[str], out: Path) -> str:
    """The same command gets the same name, so that it finds its job again."""
    words = [uri if uri.startswith(_BUCKET) else str(path_of(uri)) for uri in uris]
    words.append(str(out.resolve()))
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()[:10]
    stem = (
        "".join(
            letter if letter.isascii() and letter.isalnum() else "-"
            for letter in file_name(words[0]).lower()
        )
        .strip("-")[:40]
        .strip("-")
    )
    return f"{stem}-{digest}" if stem else f"run-{digest}"
