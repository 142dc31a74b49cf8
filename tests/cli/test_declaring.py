"""What a person names becomes jobs, or one sentence that says where it is wrong."""

from pathlib import Path

import pytest

from lexmill_cli.declaring import (
    LocalJob,
    RedactionFiles,
    is_manifest,
    job_of_paths,
    jobs_of_yaml,
    read_playbook,
)
from lexmill_cli.errors import CommandError, Exit

PLAYBOOK = "rules:\n  - id: law\n    require: {fact: governing_law}\n    message: No law.\n"
WRONG_PLAYBOOK = "rules:\n  - id: law\n    require: {fact: lor}\n    message: No law.\n"
JOB = """
apiVersion: lexmill.io/v1alpha1
kind: LegalJob
metadata: {name: nda, namespace: acme, labels: {team: legal}}
spec:
  documents: [{uri: contracts}, {uri: "s3://bucket/more/"}, {configMap: {name: texts}}]
  playbook: {configMap: {name: rules, key: playbook.yaml}}
  workers: {maxReplicas: 7, minReplicas: 5, threads: 2}
  pools: [{name: heavy, stages: [extract], workers: {maxReplicas: 3}}]
"""
CONFIG_MAPS = """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: texts}
data: {a.txt: A contract.}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: rules}
data:
  playbook.yaml: |
    rules:
      - {id: law, require: {fact: governing_law}, message: No law.}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: unused}
data: {secret: not sent along}
"""


def of_paths(*paths: Path, out: Path, playbook_file: Path | None = None) -> LocalJob:
    return job_of_paths(paths, playbook_file=playbook_file, out=out, max_workers=3)


def of_yaml(
    path: Path, text: str, *, playbook_file: Path | None = None, max_workers: int | None = None
) -> list[LocalJob]:
    path.write_text(text, encoding="utf-8")
    return jobs_of_yaml(
        path, playbook_file=playbook_file, out=path.parent / "out", max_workers=max_workers
    )


def refusal(path: Path, text: str) -> str:
    with pytest.raises(CommandError) as caught:
        of_yaml(path, text)
    assert caught.value.exit is Exit.MISUSE
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    (tmp_path / "contracts").mkdir()
    return tmp_path / "job.yaml"


def test_paths_become_one_job(tmp_path: Path) -> None:
    file, folder = tmp_path / "a b.txt", tmp_path / "Договоры"
    file.touch()
    folder.mkdir()
    playbook = tmp_path / "playbook.yaml"
    playbook.write_text(PLAYBOOK)
    job = of_paths(file, folder, out=tmp_path / "out", playbook_file=playbook)
    spec = job.declared.spec
    assert [source.uri for source in spec.documents or ()] == [file.as_uri(), folder.as_uri()]
    assert spec.output is not None
    assert spec.output.uri == (tmp_path / "out").as_uri()
    assert job.declared.config_maps == {"playbook": {"playbook.yaml": PLAYBOOK}}
    assert (job.declared.owner, job.namespace, job.out) == ("local", "default", tmp_path / "out")
    assert job.workers["main"].max_replicas == 3
    assert job.workers["main"].min_replicas == 0


def test_the_same_command_finds_its_job_again(tmp_path: Path) -> None:
    first, again = (of_paths(tmp_path, out=tmp_path / "out") for _ in range(2))
    assert first.declared.name == again.declared.name
    assert first.declared.spec_hash == again.declared.spec_hash
    assert first.declared.uid != again.declared.uid
    other = of_paths(tmp_path, out=tmp_path / "elsewhere")
    assert other.declared.name != first.declared.name


@pytest.mark.parametrize("name", ["Договоры", "--x--", "A Very " * 12, "a.b_c", "[bold]"])
def test_every_folder_gives_a_legal_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    assert of_paths(folder, out=tmp_path).declared.name


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone: no such file or folder$"):
        of_paths(tmp_path / "gone", out=tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (WRONG_PLAYBOOK.encode(), ":3:"),
        (b"rules: [", ":1:"),
        (b"\xff\xfe", ": this is not UTF-8 text"),
    ],
)
def test_a_wrong_playbook_is_refused_at_its_place(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "playbook.yaml"
    path.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        read_playbook(path)
    assert caught.value.exit is Exit.MISUSE
    assert str(caught.value).startswith(f"{path}{problem}")


def test_a_folder_is_no_playbook(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Is a directory"):
        read_playbook(tmp_path)


def test_the_yaml_that_kubectl_takes(manifest: Path) -> None:
    (job,) = of_yaml(manifest, JOB + CONFIG_MAPS)
    spec = job.declared.spec
    assert (job.namespace, job.declared.name, job.declared.owner) == ("acme", "nda", "local")
    assert [source.uri for source in spec.documents or ()] == [
        (manifest.parent / "contracts").as_uri(),
        "s3://bucket/more/",
        None,
    ]
    assert set(job.declared.config_maps) == {"texts", "rules"}
    assert job.out == manifest.parent / "out"
    assert {pool: workers.max_replicas for pool, workers in job.workers.items()} == {
        "main": 7,
        "heavy": 3,
    }


def test_fewer_workers_than_the_job_asks_for(manifest: Path) -> None:
    (job,) = of_yaml(manifest, JOB + CONFIG_MAPS, max_workers=2)
    assert {
        pool: (workers.min_replicas, workers.max_replicas) for pool, workers in job.workers.items()
    } == {"main": (2, 2), "heavy": (0, 2)}


def test_another_playbook_takes_the_place_of_the_jobs_own(manifest: Path) -> None:
    playbook = manifest.with_name("playbook.yaml")
    playbook.write_text(PLAYBOOK)
    (job,) = of_yaml(manifest, JOB + CONFIG_MAPS, playbook_file=playbook)
    assert job.declared.config_maps["playbook"] == {"playbook.yaml": PLAYBOOK}
    assert "rules" not in job.declared.config_maps


def test_several_jobs_have_folders_of_their_own(manifest: Path) -> None:
    both = JOB + "---" + JOB.replace("name: nda,", "name: msa,") + CONFIG_MAPS
    assert [job.out for job in of_yaml(manifest, both)] == [
        manifest.parent / "out" / "nda",
        manifest.parent / "out" / "msa",
    ]


def test_an_output_is_meant_relative_to_the_file(manifest: Path) -> None:
    (job,) = of_yaml(manifest, JOB + "  output: {uri: my reports}\n" + CONFIG_MAPS)
    assert job.out == manifest.parent / "my reports"
    (job,) = of_yaml(manifest, JOB + '  output: {uri: "s3://bucket/out"}\n' + CONFIG_MAPS)
    assert job.out is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no LegalJob in this file"),
        ("just words", "there is no LegalJob in this file"),
        ("[1, 2]", "there is no LegalJob in this file"),
        (JOB, "the ConfigMap rules that the job names is not in this file"),
        (
            JOB.replace("key: playbook.yaml", "key: other") + CONFIG_MAPS,
            "the ConfigMap rules has no key 'other'",
        ),
        (JOB + CONFIG_MAPS.replace("{name: texts}", "{}"), "a manifest has no metadata.name"),
        (JOB + CONFIG_MAPS.replace("metadata: {name: texts}", ""), "a manifest has no metadata"),
        (
            JOB + CONFIG_MAPS.replace("{a.txt: A contract.}", "[a]"),
            "the ConfigMap texts has data that are no texts by key",
        ),
        (
            JOB.replace("[extract]", "[guess]") + CONFIG_MAPS,
            'spec.pools[0].stages[0]: Unsupported value: "guess": supported values: "parse", ',
        ),
        (
            JOB.replace("v1alpha1", "v9") + CONFIG_MAPS,
            'no matches for kind "LegalJob" in version "lexmill.io/v9"',
        ),
        (
            JOB.replace("name: nda", "name: N_DA") + CONFIG_MAPS,
            "metadata.name: a lowercase RFC 1123 subdomain must consist of",
        ),
        (JOB + "  trigger: {}\n" + CONFIG_MAPS, "spec: give exactly one of documents"),
    ],
)
def test_what_a_job_has_wrong_is_named(manifest: Path, text: str, sentence: str) -> None:
    assert refusal(manifest, text).startswith(sentence)


def test_a_syntax_error_is_named_by_line_and_column(manifest: Path) -> None:
    assert refusal(manifest, "kind: LegalJob\nmetadata: [\n").startswith(f"{manifest}:3:1: ")


def test_the_playbook_of_a_config_map_is_refused_at_its_place(manifest: Path) -> None:
    wrong = CONFIG_MAPS.replace("governing_law", "lor")
    assert refusal(manifest, JOB + wrong).startswith(
        "ConfigMap rules, key playbook.yaml, line 2, column "
    )


def test_documents_that_are_not_there(manifest: Path) -> None:
    (manifest.parent / "contracts").rmdir()
    assert refusal(manifest, JOB + CONFIG_MAPS).endswith("contracts: no such file or folder")


def test_what_is_taken_for_a_manifest(tmp_path: Path) -> None:
    for name, expected in (("a.yaml", True), ("a.YML", True), ("a.txt", False)):
        (tmp_path / name).touch()
        assert is_manifest(tmp_path / name) is expected
    assert not is_manifest(tmp_path / "gone.yaml")


# --- redaction ---

KEY = b"a key of the tests, which is long enough"
REDACTING = """
apiVersion: lexmill.io/v1alpha1
kind: LegalJob
metadata: {name: nda, namespace: acme}
spec:
  documents: [{uri: "s3://bucket/contracts/"}]
  redaction: {configMap: {name: terms}, keySecret: {name: pseudonym-key}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: terms}
data: {terms.yaml: "style: black"}
"""


def redaction_files(folder: Path, terms: str = "") -> RedactionFiles:
    (folder / "terms.yaml").write_text(terms, encoding="utf-8")
    (folder / "key").write_bytes(KEY)
    return RedactionFiles(folder / "terms.yaml", folder / "key")


def test_terms_go_with_the_job_and_the_key_stays_where_it_is(tmp_path: Path) -> None:
    files = redaction_files(tmp_path, "style: black\n")
    job = job_of_paths(
        [tmp_path], playbook_file=None, out=tmp_path / "out", max_workers=1, redaction=files
    )
    redaction = job.declared.spec.redaction
    assert redaction is not None
    assert redaction.config_map is not None
    assert redaction.key_secret is not None
    terms = job.declared.config_maps[redaction.config_map.name]
    assert list(terms.values()) == ["style: black\n"]
    assert job.worker_environment == {"LEXMILL_WORKER__REDACTION_KEY": str(tmp_path / "key")}
    assert KEY.decode() not in job.declared.model_dump_json()


@pytest.mark.parametrize(
    ("terms", "key", "said"),
    [
        ("style: grey", KEY, "terms.yaml:1:8"),
        ("", b"short", "32 bytes"),
        ("", None, "key: No such file"),
    ],
)
def test_terms_and_keys_that_cannot_be_used(
    tmp_path: Path, terms: str, key: bytes | None, said: str
) -> None:
    files = redaction_files(tmp_path, terms)
    assert files.key is not None
    files.key.unlink()
    if key is not None:
        files.key.write_bytes(key)
    with pytest.raises(CommandError, match=said):
        job_of_paths([tmp_path], playbook_file=None, out=tmp_path, max_workers=1, redaction=files)


def test_a_key_without_terms_is_a_mistake(tmp_path: Path) -> None:
    files = RedactionFiles(None, redaction_files(tmp_path).key)
    with pytest.raises(CommandError, match="--redact"):
        job_of_paths([tmp_path], playbook_file=None, out=tmp_path, max_workers=1, redaction=files)


def test_a_legaljobs_secret_is_a_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = tmp_path / "job.yaml"
    monkeypatch.delenv("LEXMILL_WORKER__REDACTION_KEY", raising=False)
    assert "Secret pseudonym-key" in refusal(manifest, REDACTING)
    monkeypatch.setenv("LEXMILL_WORKER__REDACTION_KEY", str(tmp_path / "key"))
    (job,) = of_yaml(manifest, REDACTING)
    assert job.declared.config_maps == {"terms": {"terms.yaml": "style: black"}}


def test_a_legaljobs_terms_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEXMILL_WORKER__REDACTION_KEY", str(tmp_path / "key"))
    wrong = REDACTING.replace("style: black", "style: grey")
    assert "ConfigMap terms, key terms.yaml, line 1, column 8" in refusal(
        tmp_path / "job.yaml", wrong
    )
