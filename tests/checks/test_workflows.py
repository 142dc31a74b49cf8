"""GitHub's workflows: they parse, take no more rights than they need, and run what is there."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.makefile import make_targets

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in FOLDER.glob("*.yaml")}
WORKFLOWS |= {file.stem: yaml.safe_load(file.read_text("utf-8")) for file in FOLDER.glob("*.yml")}
RUN_BY = {"push", "pull_request", "schedule"}
"""Not `pull_request_target`, which runs a stranger's code with our rights."""
RIGHTS = {
    ("release", "images"): {
        "contents": "read",
        "packages": "write",
        "id-token": "write",
        "attestations": "write",
    },
    ("release", "chart"): {"contents": "read", "packages": "write"},
    ("release", "page"): {"contents": "write", "packages": "read"},
}
PROGRAMS = {"make", "helm", "kubectl", "gh", "printf", ".venv/bin/hatchling"}

Job = dict[str, Any]


def jobs() -> Iterator[tuple[str, str, Job]]:
    for workflow, body in WORKFLOWS.items():
        for name, job in body["jobs"].items():
            yield workflow, name, job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for workflow, name, job in jobs():
        for step in job["steps"]:
            yield f"{workflow}/{name}", step


def lines() -> Iterator[str]:
    for _, step in steps():
        yield from step.get("run", "").strip().splitlines()


def test_all_are_here() -> None:
    assert set(WORKFLOWS) == {"ci", "cluster", "release"}


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_rights_are_those_that_a_job_needs(workflow: str) -> None:
    body = WORKFLOWS[workflow]
    assert body["permissions"] == {"contents": "read"}
    assert set(body[True]) <= RUN_BY  # `on` is true in YAML 1.1
    for name, job in body["jobs"].items():
        assert job.get("permissions") == RIGHTS.get((workflow, name)), name


def test_who_uses_packages_logs_in_first() -> None:
    """A new package is private: nobody else sees that it is there."""
    for workflow, name, job in jobs():
        if "packages" in job.get("permissions", {}):
            told = [step.get("uses", "") + step.get("run", "") for step in job["steps"]]
            [login] = [
                place
                for place, text in enumerate(told)
                if "docker/login-action@" in text or "helm registry login" in text
            ]
            [first, *_] = [
                place
                for place, text in enumerate(told)
                if "build-push-action@" in text or "helm push" in text or ".ci/sboms" in text
            ]
            assert login < first, f"{workflow}/{name}"


def test_actions_are_pinned_by_commit_and_keep_no_credentials() -> None:
    actions = [(place, step) for place, step in steps() if "uses" in step]
    assert len(actions) > 10
    for place, step in actions:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), f"{place}: {step['uses']}"
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, place
    texts = [file.read_text(encoding="utf-8") for file in FOLDER.iterdir()]
    for line in (line for text in texts for line in text.splitlines() if "uses:" in line):
        assert re.search(r" # v\d+\.\d+\.\d+$", line), line  # which version that is


def test_one_action_has_one_commit() -> None:
    commits: dict[str, set[str]] = {}
    for _, step in steps():
        if "uses" in step:
            name, _, commit = step["uses"].partition("@")
            commits.setdefault(name, set()).add(commit)
    assert [name for name, found in commits.items() if len(found) > 1] == []


def test_each_job_ends_some_time_and_on_a_machine_that_is_named() -> None:
    for workflow, name, job in jobs():
        assert job["timeout-minutes"] <= 90, f"{workflow}/{name}"
        assert re.fullmatch(r"ubuntu-\d\d\.\d\d", job["runs-on"]), f"{workflow}/{name}"


def test_each_command_runs_something_that_is_there() -> None:
    targets, found = make_targets(), list(lines())
    assert {"make setup", "make test-cluster", ".ci/run"} <= set(found)
    assert "make images" not in found, "make test-cluster builds them, and brings them to kind"
    for line in found:
        program, *words = line.split()
        if program.startswith(".ci/"):
            assert os.access(ROOT / program, os.X_OK), line
            subprocess.run(["bash", "-n", str(ROOT / program)], check=True)
        else:
            assert program in PROGRAMS, line
        if program == "make":
            assert words[0] in targets, line
        assert "${{" not in line, line  # what others name (branches, tags) is no shell


def test_the_pythons_are_those_that_the_package_names() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r"Python :: (3\.\d+)", project)
    assert WORKFLOWS["ci"]["jobs"]["ci"]["strategy"]["matrix"]["python"] == named


def test_a_release_has_all_images() -> None:
    images = WORKFLOWS["release"]["jobs"]["images"]["strategy"]["matrix"]["image"]
    stages = re.findall(
        r"^FROM \S+ AS (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE
    )
    assert set(images) <= set(stages)
    chart = yaml.safe_load((ROOT / "charts" / "lexmill" / "values.yaml").read_text("utf-8"))
    named = [value["repository"] for value in chart["images"].values() if isinstance(value, dict)]
    assert {f"lexmill/{image}" for image in images} == set(named)
    listed = re.search(r"for image in ([a-z -]+);", (ROOT / ".ci" / "sboms").read_text("utf-8"))
    assert listed is not None
    assert listed[1].split() == images


def test_a_release_is_refused_where_versions_differ() -> None:
    def version(tag: str) -> "subprocess.CompletedProcess[str]":
        command = [str(ROOT / ".ci" / "version"), tag]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    current = re.search(r'^version = "(.*)"', project, re.MULTILINE)
    assert current is not None
    assert version(f"v{current[1]}").stdout == f"version={current[1]}\n"
    other = version("v99.0.0")
    assert other.returncode == 1
    assert "make them agree" in other.stderr


def test_addons_that_there_are_not_are_refused_by_name() -> None:
    run = subprocess.run(
        [ROOT / ".ci" / "addons", "istio"], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (
        2,
        "addons: istio is none of keda, knative, prometheus-adapter\n",
    )
