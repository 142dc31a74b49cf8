"""Alerts and dashboards name only metrics and labels that the processes export."""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY

import lexmill.telemetry.metrics
import lexmill_operator.metrics
from tests.charts.charts import CHART, MATRIX, Helm, Manifest, of_kind, one, pods

OURS = (lexmill.telemetry.metrics, lexmill_operator.metrics)
SCRAPED = {"namespace", "le"}
"""Labels that Prometheus puts on, and those of histograms."""
SELECTOR = re.compile(r"(lexmill_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
GROUPING = re.compile(r"\bby \(([^)]*)\)")
LEGEND = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


def exported() -> dict[str, set[str]]:
    """Every sample's name with its labels."""
    found: dict[str, set[str]] = {}
    for module in OURS:
        for metric in vars(module).values():
            for name, collector in REGISTRY._names_to_collectors.items():
                if collector is metric:
                    found[name] = set(cast("Any", metric)._labelnames)
    return found


EXPORTED = exported()


def complaints(expression: str) -> list[str]:
    found = []
    labels: set[str] = set()
    for name, matchers in SELECTOR.findall(expression):
        if name not in EXPORTED:
            found.append(f"nobody exports {name}")
            continue
        labels |= EXPORTED[name]
        found += [
            f"{name} has no label {label}"
            for label in MATCHER.findall(matchers)
            if label not in EXPORTED[name] | SCRAPED
        ]
    for grouping in GROUPING.findall(expression):
        found += [
            f"by {label}: no metric of this expression has it"
            for label in re.split(r",\s*", grouping)
            if label not in labels | SCRAPED
        ]
    if expression.count("(") != expression.count(")"):
        found.append("parentheses")
    return found


def rendered(helm: Helm) -> list[Manifest]:
    [production] = [file for file in MATRIX if file.stem == "production"]
    return helm.render(production)


def alerts(helm: Helm) -> list[Manifest]:
    [rule] = of_kind(rendered(helm), "PrometheusRule")
    return [each for group in rule["spec"]["groups"] for each in group["rules"]]


def panels() -> Iterator[Manifest]:
    for file in (CHART / "files" / "dashboards").iterdir():
        yield from json.loads(file.read_text(encoding="utf-8"))["panels"]


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("sum(rate(lexmill_events_totals[5m]))", "nobody exports lexmill_events_totals"),
        ('lexmill_events_total{outcom="x"}', "lexmill_events_total has no label outcom"),
        ("sum by (kind) (lexmill_wake_ups_total)", "by kind: no metric of this expression has it"),
    ],
)
def test_what_is_wrong_is_noticed(expression: str, complaint: str) -> None:
    assert complaints(expression) == [complaint]


def test_alerts_name_what_is_exported(helm: Helm) -> None:
    for alert in alerts(helm):
        assert complaints(alert["expr"]) == [], alert["alert"]
        assert SELECTOR.search(alert["expr"]), alert["alert"]


def test_alerts_say_what_is_wrong_and_what_to_do(helm: Helm) -> None:
    names = [alert["alert"] for alert in alerts(helm)]
    assert len(set(names)) == len(names)
    for alert in alerts(helm):
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert set(alert["annotations"]) == {"summary", "action"}
        grouped = {
            label
            for grouping in GROUPING.findall(alert["expr"])
            for label in re.split(r",\s*", grouping)
        }
        for text in alert["annotations"].values():
            assert set(LEGEND.findall(text)) <= grouped, alert["alert"]


def test_the_dashboard_shows_what_is_exported() -> None:
    shown = set()
    for panel in panels():
        for target in panel["targets"]:
            assert complaints(target["expr"]) == [], panel["title"]
            shown |= {name for name, _ in SELECTOR.findall(target["expr"])}
            grouped = " ".join(GROUPING.findall(target["expr"]))
            for label in LEGEND.findall(target["legendFormat"]):
                assert label in grouped, panel["title"]
    families = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in EXPORTED}
    unshown = families - {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown}
    assert {name for name in unshown if f"{name}_total" not in EXPORTED} == set()


def test_the_dashboard_reaches_grafana(helm: Helm) -> None:
    config = one(rendered(helm), "ConfigMap", "lexmill-dashboards")
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    for file in (CHART / "files" / "dashboards").iterdir():
        assert json.loads(config["data"][file.name]) == json.loads(file.read_bytes())


def test_every_process_is_scraped_at_a_port_that_it_has(helm: Helm) -> None:
    manifests = rendered(helm)
    found = pods(manifests)
    service = one(manifests, "Service", "lexmill-api")
    monitors = of_kind(manifests, "ServiceMonitor")
    assert [each["spec"]["selector"]["matchLabels"] for each in monitors] == [
        service["spec"]["selector"]
    ]
    assert {each["port"] for each in monitors[0]["spec"]["endpoints"]} == {
        each["name"] for each in service["spec"]["ports"]
    }
    assert service["spec"]["ports"][0]["targetPort"] == "http"
    for monitor, pod in (
        ("lexmill-operator", found["Deployment lexmill-operator"]),
        ("lexmill-worker", found["workers"]),
    ):
        spec = one(manifests, "PodMonitor", monitor)["spec"]
        # The operator puts this one on its workers.
        labels = {"app.kubernetes.io/name": "lexmill-worker", **pod["metadata"]["labels"]}
        assert spec["selector"]["matchLabels"].items() <= labels.items()
        [endpoint] = spec["podMetricsEndpoints"]
        [container] = pod["spec"]["containers"]
        assert endpoint["port"] in {each["name"] for each in container["ports"]}
    workers = one(manifests, "PodMonitor", "lexmill-worker")["spec"]["namespaceSelector"]
    assert {"contracts", "litigation"} <= set(workers["matchNames"])
