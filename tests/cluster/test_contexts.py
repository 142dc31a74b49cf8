"""No test touches a cluster that somebody needs."""

import pytest

from tests.cluster.cluster import OPT_IN, NoClusterError, given_cluster, refusal


@pytest.mark.parametrize("context", ["kind-ci", "k3d-dev", "minikube", "lexmill"])
def test_clusters_to_throw_away_are_known_by_their_contexts(context: str) -> None:
    assert refusal(context) is None


@pytest.mark.parametrize(
    "context",
    ["production", "lexmill-production", "arn:aws:eks:eu-1:1:cluster/kind-", "kind-", "not-kind-a"],
)
def test_others_are_refused_with_what_to_do(context: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPT_IN, "another")

    assert f"set {OPT_IN}={context}" in str(refusal(context))


def test_one_other_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OPT_IN, "test-7")

    assert refusal("test-7") is None


def test_without_programs_or_kubeconfig_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoClusterError, match="kubectl is not on the PATH"):
        given_cluster()
