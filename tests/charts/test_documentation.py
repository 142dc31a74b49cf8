"""What docs/install.md shows can be done as it stands there."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.charts.charts import ROOT, Helm, ports_out

DOCS = ROOT / "docs"


def examples(file: Path, language: str) -> list[str]:
    text = file.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def production() -> dict[str, Any]:
    [text] = examples(DOCS / "install.md", "yaml")
    values: dict[str, Any] = yaml.safe_load(text)
    return values


def test_the_queue_of_the_example_is_let_through(helm: Helm) -> None:
    """Its address is in a Secret, which the chart does not read."""
    text = (DOCS / "install.md").read_text(encoding="utf-8")
    [port] = re.findall(r"LEXMILL_QUEUE__URL: rediss://\S+:(\d+)/", text)
    values = production()
    cidrs = {"queue": ["10.1.0.0/16"]}
    values["networkPolicy"] = {**values.get("networkPolicy", {}), "cidrs": cidrs}
    assert ports_out(helm.render(values), "lexmill-worker")["10.1.0.0/16"] == {int(port)}
