"""The samples run on Lexmill as it is in a cluster, which the operator's tests set up."""

from tests.charts.conftest import helm
from tests.operator.conftest import installation, operator

__all__ = ["helm", "installation", "operator"]
