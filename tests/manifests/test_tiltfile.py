"""Whatever the Tiltfile names is there: paths, images, resources, commands."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from lexmill.jobs.refusals import read_legaljob
from tests.charts.charts import Helm
from tests.makefile import make_targets
from tests.manifests.shipped import read
from tests.manifests.tilt import ROOT, Call, Tilt

PROGRAMS = {"make", "kubectl", ".venv/bin/lexmill"}
CHART_VALUES = yaml.safe_load((ROOT / "charts" / "lexmill" / "values.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def tilt() -> Tilt:
    return Tilt().evaluate()


@pytest.fixture(scope="module")
def release(tilt: Tilt) -> Call:
    (call,) = tilt.of("helm_resource")
    return call


def dockerfile(call: Call) -> str:
    given: str | None = call.get("dockerfile_contents")
    return given or (ROOT / call["dockerfile"]).read_text(encoding="utf-8")


def commands(tilt: Tilt) -> Iterator[list[str]]:
    """All that are run, word by word, but for the one line of shell."""
    for call in tilt.of("local_resource"):
        command = call.get("cmd") or call["serve_cmd"]
        if isinstance(command, list):
            yield command
        elif call["name"] != "crd":
            yield from (shlex.split(part) for part in command.split(" && "))
    for call in tilt.of("cmd_button"):
        yield call["argv"]


# -- images ------------------------------------------------------------------------------------


def test_every_image_of_the_chart_is_built_and_put_where_the_chart_reads_it(
    tilt: Tilt, release: Call
) -> None:
    told = {
        repository.removesuffix(".repository"): image
        for image, keys in zip(release["image_deps"], release["image_keys"], strict=True)
        for repository, tag in keys
        if repository.removesuffix("repository") == tag.removesuffix("tag")
    }
    images = {
        f"images.{name}": value["repository"]
        for name, value in CHART_VALUES["images"].items()
        if isinstance(value, dict)
    }
    # Workers that read no scans have the image with Tesseract, too: one image less to build.
    assert told == {**images, "images.worker": images["images.workerOcr"]}
    assert set(told.values()) == {call["ref"] for call in tilt.of("docker_build")}


def test_each_image_is_a_stage_and_its_context_has_what_is_copied(tilt: Tilt) -> None:
    assert tilt.of("docker_build")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let = [line.removeprefix("!") for line in ignored if line.startswith("!")]
    for call in tilt.of("docker_build"):
        text = dockerfile(call)
        stages = set(re.findall(r"^FROM \S+ AS (\S+)", text, re.MULTILINE))
        assert call["target"] in stages
        bases = set(re.findall(r"^FROM ([a-z-]+) AS ", text, re.MULTILINE))
        assert bases | set(re.findall(r"^COPY --from=(\S+)", text, re.MULTILINE)) <= {
            *stages,
            "scratch",
        }
        assert all((ROOT / path).exists() for path in call["only"])
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
            for source in sources.split():
                assert (ROOT / source).exists(), source
                assert source.split("/")[0] in call["only"], source
                assert any(f"{source}/".startswith(f"{each}/") for each in let), source


def test_live_updates_lead_every_package_to_where_python_finds_it(tilt: Tilt) -> None:
    live = {call["ref"]: call for call in tilt.of("docker_build") if call.get("live_update")}
    assert live.keys() == {"lexmill/api", "lexmill/operator", "lexmill/worker-ocr"}
    for call in live.values():
        lock, *syncs = call["live_update"]
        assert all((ROOT / file).is_file() for file in lock["files"])
        assert "ln -s /tmp/live /opt/lexmill/code" in dockerfile(call)
        assert len(syncs) == len(wheel_packages())
        for step in syncs:
            package = step["remote_path"].removeprefix("/tmp/live/")
            found = find_spec(package)
            assert found is not None
            assert list(found.submodule_search_locations or ()) == [str(ROOT / step["local_path"])]


def wheel_packages() -> list[str]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'^  "\w+/(lexmill\w*)",$', text, re.MULTILINE)


def test_the_program_that_restarts_knows_the_charts_commands() -> None:
    program = ROOT / "tilt" / "python"
    subprocess.run(["sh", "-n", program], check=True)
    modules = re.findall(r'"-m (\w+)"', program.read_text(encoding="utf-8"))
    assert sorted(modules) == ["lexmill_api", "lexmill_operator", "lexmill_workers"]
    templates = (ROOT / "charts" / "lexmill" / "templates").rglob("*.*")
    chart = "".join(file.read_text(encoding="utf-8") for file in templates)
    for module in modules:
        assert f"[python, -m, {module}]" in chart


# -- the release -------------------------------------------------------------------------------


def values_file(release: Call) -> Path:
    (file,) = [value for flag, value in pairwise(release["flags"]) if flag == "--values"]
    return ROOT / str(file)


def test_the_chart_takes_the_values_and_has_what_is_asked_for(
    tilt: Tilt, release: Call, helm: Helm
) -> None:
    manifests = helm.render(values_file(release))
    names = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    (api,) = [call for call in tilt.of("local_resource") if call["name"] == "api"]
    service, ports = api["serve_cmd"][-2:]
    assert ("Service", service.removeprefix("service/")) in names
    assert ports.endswith(f":{CHART_VALUES['api']['service']['port']}")


def test_the_values_lead_to_the_s3_server(tilt: Tilt, release: Call) -> None:
    values = yaml.safe_load(values_file(release).read_text(encoding="utf-8"))
    (applied,) = tilt.of("k8s_yaml")
    assert applied["yaml"]["namespace"] == release["namespace"]
    server = {each["kind"]: each for each in yaml.safe_load_all(applied["yaml"]["yaml"])}
    s3 = values["storage"]["s3"]
    assert s3["existingSecret"] == server["Secret"]["metadata"]["name"]
    assert set(server["Secret"]["stringData"]) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    name, (port,) = server["Service"]["metadata"]["name"], server["Service"]["spec"]["ports"]
    assert s3["endpoint"] == f"http://{name}:{port['port']}"
    (maker,) = server["Deployment"]["spec"]["template"]["spec"]["initContainers"]
    assert f"/data/{values['storage']['uri'].split('/')[2]}" in maker["command"]


def test_the_crd_is_made_anew_when_its_models_change_and_then_installed(
    tilt: Tilt, release: Call
) -> None:
    committed = [
        ROOT / "manifests" / "crds" / "legaljobs.yaml",
        ROOT / "charts" / "lexmill" / "files" / "crds" / "legaljobs.yaml",
    ]
    (crd,) = [call for call in tilt.of("local_resource") if call["name"] == "crd"]
    assert "core/lexmill/jobs" in crd["deps"]
    assert "crd" in release["resource_deps"]
    assert all(str(file.relative_to(ROOT)) in crd["cmd"] for file in committed)
    assert release["chart"] in release["deps"]
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in committed]
    subprocess.run(["sh", "-c", crd["cmd"]], cwd=ROOT, check=True)
    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in committed] == before


# -- resources, commands -----------------------------------------------------------------------


def test_each_path_is_there(tilt: Tilt, release: Call) -> None:
    named = [path for call in tilt.of("local_resource") for path in call.get("deps", ())]
    paths = [*tilt.paths, *named, release["chart"], *release["deps"]]
    assert len(paths) > 10
    for path in paths:
        assert (ROOT / path).exists(), path


def test_each_resource_that_is_named_is_there(tilt: Tilt, release: Call) -> None:
    for call in (release, *tilt.of("local_resource")):
        assert set(call.get("resource_deps", ())) <= tilt.resources
    buttons = tilt.of("cmd_button")
    assert {call["resource"] for call in buttons if "resource" in call} <= tilt.resources
    assert [call["name"] for call in buttons if "resource" not in call] == ["legaljobs"]
    s3 = {each["kind"]: each for each in read(ROOT / "tilt" / "s3.yaml")}
    workloads = {call["workload"] for call in tilt.of("k8s_resource")}
    assert workloads == {s3["Deployment"]["metadata"]["name"], release["name"]}


def test_each_command_runs_something_that_is_there(tilt: Tilt) -> None:
    all_commands = list(commands(tilt))
    assert len(all_commands) > 15
    for words in all_commands:
        assert words[0] in PROGRAMS, words
        if words[0] == "make":
            assert words[1] in make_targets()
        for file in (value for flag, value in pairwise(words) if flag == "--filename"):
            assert (ROOT / file).is_file()


def test_each_sample_has_its_button_and_waits_for_its_own_job(tilt: Tilt) -> None:
    samples = {
        call["deps"][0]: call for call in tilt.of("local_resource") if "samples" in call["labels"]
    }
    files = sorted((ROOT / "manifests" / "samples").glob("*.yaml"))
    assert sorted(samples) == [str(file.relative_to(ROOT)) for file in files]
    for file in files:
        (job,) = [read_legaljob(each) for each in read(file) if each["kind"] == "LegalJob"]
        command = samples[str(file.relative_to(ROOT))]["cmd"]
        assert f"legaljobs.lexmill.io/{job.metadata.name} " in f"{command} "


def test_nothing_but_lexmill_starts_by_itself_and_in_ci_the_sample(tilt: Tilt) -> None:
    def by_itself(evaluated: Tilt) -> set[str]:
        return {
            call["name"] for call in evaluated.of("local_resource") if call.get("auto_init", True)
        }

    assert by_itself(tilt) == {"crd", "api"}
    assert by_itself(Tilt("ci").evaluate()) == {"crd", "api", "sample-batch"}


def test_another_namespace_is_used_throughout() -> None:
    other = Tilt(arguments={"namespace": "mine"}).evaluate()
    assert other.of("namespace_create") == [{"name": "mine"}]
    assert other.of("helm_resource")[0]["namespace"] == "mine"
    for words in commands(other):
        if words[0] == "kubectl":
            assert ("--namespace", "mine") in pairwise(words)


def test_a_misspelt_parameter_is_an_error() -> None:
    with pytest.raises(AssertionError, match="auto_start"):
        Tilt()._called("local_resource", ["name", "auto_init"], "x", auto_start=True)
