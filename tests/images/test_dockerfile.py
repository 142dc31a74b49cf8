"""What can be said of the Dockerfile without building it; tests/cluster runs what it makes."""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from tests.images.locks import ROOT

IMAGES = ("postgres", "valkey", "migrate", "api", "operator", "worker", "worker-ocr")
USER = "10001:10001"


@dataclass
class Stage:
    base: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all_of(self, word: str) -> list[str]:
        return [rest for each, rest in self.instructions if each == word]


def read_stages() -> tuple[dict[str, str], dict[str, Stage]]:
    """Arguments with their defaults, and stages by name."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    current: Stage | None = None
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            current = stages[name] = Stage(base)
            continue
        if word == "ARG" and "=" in rest:
            name, _, default = rest.partition("=")
            arguments[name] = default
        if current is not None:
            current.instructions.append((word, rest.strip()))
    return arguments, stages


ARGUMENTS, STAGES = read_stages()
VALUES = yaml.safe_load((ROOT / "charts/lexmill/values.yaml").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_image_is_a_target_that_no_other_stage_builds_on() -> None:
    assert set(IMAGES) <= set(STAGES)
    assert not {stage.base for stage in STAGES.values()} & set(IMAGES)


def test_the_chart_names_these_images_and_no_others() -> None:
    named = [each["repository"] for each in VALUES["images"].values() if isinstance(each, Mapping)]

    assert sorted(named) == sorted(f"lexmill/{image}" for image in IMAGES)


def test_the_version_is_the_same_everywhere() -> None:
    chart = yaml.safe_load((ROOT / "charts/lexmill/Chart.yaml").read_text(encoding="utf-8"))

    assert ARGUMENTS["VERSION"] == PROJECT["version"] == str(chart["appVersion"])


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_runs_as_a_fixed_user_without_a_shell_and_says_what_it_is(image: str) -> None:
    stage = STAGES[image]

    assert stage.all_of("USER") == [USER]  # last, as nothing is left to do for root
    words = [word for word, _ in stage.instructions]
    assert not {"RUN", "COPY"} & set(words[words.index("USER") :])
    started_by = stage.all_of("ENTRYPOINT") + stage.all_of("CMD")
    assert all(each.startswith('["') for each in started_by), "the exec form gets signals"
    assert f'title="lexmill/{image}"' in " ".join(stage.all_of("LABEL"))


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_gets_nothing_of_what_builds(image: str) -> None:
    """Only libraries, code and system packages; no tools, no sources, no package cache."""
    chain = [image]
    while (base := STAGES[chain[-1]].base) in STAGES:
        chain.append(base)

    assert chain[-1] == "runtime"
    assert STAGES["runtime"].base == "scratch"
    assert STAGES["runtime"].all_of("COPY") == ["--from=trimmed / /"]
    assert STAGES["trimmed"].base == "${BASE}"
    for name in chain:
        for copied in STAGES[name].all_of("COPY"):
            assert "--from=tools" not in copied
            assert "/source" not in copied
        for command in STAGES[name].all_of("RUN"):
            if "apt-get install" in command:
                assert "--no-install-recommends" in command
                assert "rm -rf /var/lib/apt/lists/*" in command


def test_buildah_of_debian_12_can_read_it() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "<<" not in text, "no heredocs"
    assert not re.search(r"^ADD|--link|--chmod|# syntax=", text, re.MULTILINE)


def test_the_context_has_what_is_copied() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    allowed = [each.removeprefix("!") for each in ignored if each.startswith("!")]
    for stage in STAGES.values():
        for copied in stage.all_of("COPY"):
            if copied.startswith("--from"):
                continue
            for source in copied.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(fnmatch(source.split("/")[0], each) for each in allowed), source
    assert ignored[ignored.index("*") :], "everything else stays outside"


def test_what_the_wheel_needs_is_copied() -> None:
    copied = " ".join(STAGES["code"].all_of("COPY"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for package in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert package.split("/")[0] in copied.split()
    for file in (PROJECT["readme"], *PROJECT["license-files"]):
        assert file in copied.split()


# -- images/build -----------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """Notes how it is called."""
    script = tmp_path / "command"
    script.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n', encoding="utf-8")
    script.chmod(0o755)
    return script


def test_all_images_are_built_by_the_command_that_is_named(command: Path) -> None:
    build = {"LEXMILL_IMAGE_COMMAND": str(command), "LEXMILL_IMAGE_BASE": "example.com/python:3"}
    subprocess.run([ROOT / "images/build"], env={"PATH": "/usr/bin:/bin", **build}, check=True)

    calls = command.with_name("calls").read_text(encoding="utf-8").splitlines()
    version = PROJECT["version"]
    assert [call.split()[0] for call in calls] == [f"lexmill/{name}:{version}" for name in IMAGES]
    for call, name in zip(calls, IMAGES, strict=True):
        assert f" . --file Dockerfile --target {name} --build-arg VERSION={version}" in call
        assert "--build-arg BASE=example.com/python:3" in call
        assert re.search(r"--label org.opencontainers.image.revision=\S", call)


def test_a_command_that_fails_ends_it(tmp_path: Path) -> None:
    build = {"PATH": "/usr/bin:/bin", "LEXMILL_IMAGE_COMMAND": "false"}

    assert subprocess.run([ROOT / "images/build", "api"], env=build, check=False).returncode == 1


def test_without_a_tool_it_says_what_is_missing(tmp_path: Path) -> None:
    for program in ("sh", "sed", "dirname"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    done = subprocess.run(
        [tmp_path / "sh", ROOT / "images/build"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 3
    assert "LEXMILL_IMAGE_COMMAND" in done.stderr


# -- images/postgres --------------------------------------------------------------------------


def test_postgres_has_no_default_password(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", ROOT / "images/postgres", "postgres"],
        env={"PATH": "/usr/bin:/bin", "PGDATA": str(tmp_path / "data")},
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 2
    assert "no default password" in done.stderr
    assert not list(tmp_path.iterdir())
