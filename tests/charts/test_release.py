"""The chart of a release, as .ci/chart packs it."""

import os
import subprocess
from pathlib import Path

from tests.charts.charts import NAMESPACE, ROOT, Helm, containers, documents, pods

REGISTRY = "ghcr.io/acme"


def pack(helm: Helm, folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ROOT / ".ci" / "chart", *words],
        cwd=folder,
        env={"PATH": f"{helm.program.parent}:{os.defpath}", "HOME": str(helm.home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_takes_the_images_of_the_release(helm: Helm, tmp_path: Path) -> None:
    done = pack(helm, tmp_path, REGISTRY, "1.2.3")
    assert done.returncode == 0, done.stderr
    text = helm.run("template", "a", str(tmp_path / "lexmill-1.2.3.tgz"), "--namespace", NAMESPACE)
    images = {
        container["image"]
        for pod in pods(documents(text)).values()
        for container in containers(pod)
    }
    names = ("api", "operator", "worker", "migrate", "postgres", "valkey")
    assert images == {f"{REGISTRY}/lexmill/{name}:1.2.3" for name in names}
    assert f"{REGISTRY}/lexmill/worker-ocr:1.2.3" in text


def test_the_chart_of_the_source_stays_as_it_is(helm: Helm, tmp_path: Path) -> None:
    file = ROOT / "charts" / "lexmill" / "values.yaml"
    before = file.read_bytes()
    assert pack(helm, tmp_path, REGISTRY, "1.2.3").returncode == 0
    assert file.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["lexmill-1.2.3.tgz"]


def test_without_a_registry_there_is_none(helm: Helm, tmp_path: Path) -> None:
    done = pack(helm, tmp_path)
    assert done.returncode == 1
    assert "usage: .ci/chart REGISTRY VERSION" in done.stderr
    assert list(tmp_path.iterdir()) == []
