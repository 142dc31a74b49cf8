from pathlib import Path

import pytest

from tests.charts.charts import Helm
from tests.charts.programs import HELM, KUBE_SCORE
from tests.charts.schemas import Schemas
from tests.goprograms import CannotBuildError, GoPrograms
from tests.wheels import CannotInstallError, installed

SCHEMAS = Path(__file__).with_name("schemas.lock")


@pytest.fixture(scope="session")
def helm(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(_built(pytestconfig, HELM) / "helm", tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def kube_score(pytestconfig: pytest.Config) -> Path:
    return _built(pytestconfig, KUBE_SCORE) / "kube-score"


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    try:
        home = installed("kubernetes-schemas", SCHEMAS, tell=lambda: None)
    except CannotInstallError as error:
        pytest.skip(f"Kubernetes' schemas (the wheel kubernetes-validate) cannot be had: {error}")
    return Schemas(home / "kubernetes_validate" / "kubernetes-json-schema")


def _built(config: pytest.Config, programs: GoPrograms) -> Path:
    capture = config.pluginmanager.getplugin("capturemanager")
    try:
        with capture.global_and_fixture_disabled():  # the first build takes minutes: it is seen
            return programs.binaries()
    except CannotBuildError as error:
        pytest.skip(str(error))
