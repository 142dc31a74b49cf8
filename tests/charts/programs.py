"""Helm and kube-score: ``python -m tests.charts.programs`` builds them.

It prints the folder of each; the first build takes some minutes.
"""

import re
import sys
from pathlib import Path

from tests.goprograms import CannotBuildError, GoPrograms

HERE = Path(__file__).parent
GIVEN_BY = "LEXMILL_CHART_PROGRAMS"


def linker_flags() -> str:
    """Without its version Helm says it is v4.0, whatever it is."""
    modules = (HERE / "helm" / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"helm\.sh/helm/v4 (v\S+)", modules)
    assert found is not None
    return f"-s -w -X helm.sh/helm/v4/internal/version.version={found[1]}"


HELM = GoPrograms(
    name="helm",
    folder=HERE / "helm",
    packages={"helm": "helm.sh/helm/v4/cmd/helm"},
    linker_flags=linker_flags(),
    given_by=GIVEN_BY,
)
KUBE_SCORE = GoPrograms(
    name="kube-score",
    folder=HERE / "kubescore",
    packages={"kube-score": "github.com/zegl/kube-score/cmd/kube-score"},
    given_by=GIVEN_BY,
)


def main() -> None:
    try:
        for programs in (HELM, KUBE_SCORE):
            print(programs.binaries())  # noqa: T201 - the answer
    except CannotBuildError as error:
        sys.exit(f"chart programs: {error}")


if __name__ == "__main__":
    main()
