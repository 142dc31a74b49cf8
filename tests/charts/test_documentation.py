"""What docs/install.md shows can be done as it stands there."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.charts.charts import CHART, ROOT, Helm, ports_out

DOCS = ROOT / "docs"


def examples(file: Path, language: str) -> list[str]:
    text = file.read_text(encoding="utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def production() -> dict[str, Any]:
    [text] = examples(DOCS / "install.md", "yaml")
    values: dict[str, Any] = yaml.safe_load(text)
    return values


def test_the_first_command_takes_images_from_where_they_are_pushed_to() -> None:
    """All of them, by the names that the chart asks for."""
    [first, *_] = examples(DOCS / "install.md", "sh")
    [registry] = re.findall(r"--set images\.registry=(\S+)", first)
    pushing = "".join(examples(DOCS / "images.md", "sh"))
    [names] = re.findall(r"for name in ([a-z -]+); do", pushing)
    images = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["images"]
    wanted = {each["repository"] for each in images.values() if isinstance(each, dict)}
    assert {f"lexmill/{name}" for name in names.split()} == wanted
    assert f"docker push {registry}/lexmill/$name:" in pushing
    assert f"--set images.registry={registry} " in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_address_of_a_releases_chart_is_where_it_is_pushed_to() -> None:
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert "REGISTRY: ghcr.io/${{ github.repository_owner }}" in release
    assert '"oci://$REGISTRY/charts"' in release
    text = (DOCS / "install.md").read_text(encoding="utf-8")
    assert "oci://ghcr.io/OWNER/charts/lexmill" in text


def test_the_queue_of_the_example_is_let_through(helm: Helm) -> None:
    """Its address is in a Secret, which the chart does not read."""
    text = (DOCS / "install.md").read_text(encoding="utf-8")
    [port] = re.findall(r"LEXMILL_QUEUE__URL: rediss://\S+:(\d+)/", text)
    values = production()
    cidrs = {"queue": ["10.1.0.0/16"]}
    values["networkPolicy"] = {**values.get("networkPolicy", {}), "cidrs": cidrs}
    assert ports_out(helm.render(values), "lexmill-worker")["10.1.0.0/16"] == {int(port)}


def test_workers_reach_the_agent_of_pod_identity(helm: Helm) -> None:
    [text] = examples(DOCS / "storage.md", "yaml")
    values = {**yaml.safe_load(text), "storage": {"uri": "s3://lexmill"}}
    found = ports_out(helm.render(values), "lexmill-worker")
    assert found["169.254.170.23/32"] == found["fd00:ec2::23/128"] == {80}
