"""The filter dialects of Knative Triggers (CloudEvents Subscriptions API, section 3.2.4)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from lexmill.events.attributes import is_name
from lexmill.events.cloudevents import CloudEvent

Filter: TypeAlias = Callable[[CloudEvent], bool]

_DEPTH: Final = 16
_COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "exact": str.__eq__,
    "prefix": str.startswith,
    "suffix": str.endswith,
}
_DIALECTS: Final = (*_COMPARISONS, "all", "any", "not")


class FilterError(Exception):
    """A filter that cannot be used; ``path`` leads to the place, as in ``[0].any[1].exact``."""

    retryable: Final = False
    code: Final = "invalid_filter"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"filters{path}: {message}")
        self.path = path
        self.message = message


def compile_filters(filters: Sequence[object]) -> Filter:
    """One predicate for all of them: an event has to match each; no filter matches all events.

    Attributes are compared as strings, case-sensitively; one that an event lacks does not match.
    """
    return _every(_compile_list(filters, "", 0))


def _compile_list(filters: object, path: str, depth: int) -> list[Filter]:
    if not isinstance(filters, Sequence) or isinstance(filters, str | bytes):
        raise FilterError(path, "is not a list")
    return [_compile(each, f"{path}[{index}]", depth) for index, each in enumerate(filters)]


def _compile(expression: object, path: str, depth: int) -> Filter:
    if depth > _DEPTH:
        raise FilterError(path, f"is nested more than {_DEPTH} levels deep")
    if not isinstance(expression, Mapping) or len(expression) != 1:
        raise FilterError(path, "is not an object with exactly one dialect")
    ((dialect, value),) = expression.items()
    if dialect not in _DIALECTS:
        raise FilterError(path, f"has an unknown dialect; there are {', '.join(_DIALECTS)}")
    path = f"{path}.{dialect}"
    if dialect in _COMPARISONS:
        return _compile_comparisons(_COMPARISONS[dialect], value, path)
    if dialect == "not":
        inner = _compile(value, path, depth + 1)
        return lambda event: not inner(event)
    nested = _compile_list(value, path, depth + 1)
    if not nested:
        raise FilterError(path, "is empty")
    if dialect == "all":
        return _every(nested)
    return lambda event: any(each(event) for each in nested)


def _compile_comparisons(compare: Callable[[str, str], bool], value: object, path: str) -> Filter:
    if not isinstance(value, Mapping) or not value:
        raise FilterError(path, "is not an object of attributes and values")
    filters = []
    for name, expected in value.items():
        if not isinstance(name, str) or not is_name(name) or name == "data":
            raise FilterError(path, "names no attribute: names are made of a-z and 0-9")
        if not isinstance(expected, str) or not expected:
            raise FilterError(f"{path}.{name}", "is not a non-empty string")
        filters.append(_comparison(compare, name, expected))
    return _every(filters)


def _comparison(compare: Callable[[str, str], bool], name: str, expected: str) -> Filter:
    def matches(event: CloudEvent) -> bool:
        value = event.attribute(name)
        return value is not None and compare(value, expected)

    return matches


def _every(filters: Sequence[Filter]) -> Filter:
    if len(filters) == 1:
        return filters[0]
    return lambda event: all(each(event) for each in filters)
