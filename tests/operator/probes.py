"""What an operator's probes say."""

import httpx

from tests.processes import OurProcess


def metric(operator: OurProcess, name: str) -> float:
    """Zero while there is none: one with labels appears with its first count."""
    return metrics(operator).get(name, 0.0)


def metrics(operator: OurProcess) -> dict[str, float]:
    """All numbers by name and labels, as Prometheus writes them."""
    answer = operator.get("/metrics").raise_for_status()
    lines = (line for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def leads(operator: OurProcess) -> bool:
    try:
        return metric(operator, "lexmill_operator_is_leader") == 1
    except httpx.HTTPError:
        return False
