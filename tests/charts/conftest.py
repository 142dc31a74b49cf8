from pathlib import Path

import pytest

from tests.charts.charts import Helm
from tests.charts.programs import HELM, KUBE_SCORE
from tests.charts.schemas import Schemas
from tests.goprograms import built_or_skipped
from tests.wheels import CannotInstallError, installed

SCHEMAS = Path(__file__).with_name("schemas.lock")


@pytest.fixture(scope="session")
def helm(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(built_or_skipped(HELM, pytestconfig) / "helm", tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def kube_score(pytestconfig: pytest.Config) -> Path:
    return built_or_skipped(KUBE_SCORE, pytestconfig) / "kube-score"


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    try:
        home = installed("kubernetes-schemas", SCHEMAS, tell=lambda: None)
    except CannotInstallError as error:
        pytest.skip(f"Kubernetes' schemas (the wheel kubernetes-validate) cannot be had: {error}")
    return Schemas(home / "kubernetes_validate" / "kubernetes-json-schema")
