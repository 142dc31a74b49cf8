"""From YAML to a playbook, on the level of YAML nodes: each error knows its line and column."""

import difflib
import hashlib
import re
from collections.abc import Iterable
from typing import Never, TypeVar, get_args

import yaml

from lexmill_legal.classify.document_types import DOCUMENT_TYPES
from lexmill_legal.errors import PlaybookError
from lexmill_legal.playbook import operands
from lexmill_legal.playbook.kinds import CLAUSE_KINDS, FIELD_KINDS, ORDERED_KINDS, Kind
from lexmill_legal.playbook.models import AppliesTo, Examples, Operator, Playbook, Rule
from lexmill_legal.playbook.operands import Value
from lexmill_legal.results import Severity

_OPERATORS: tuple[Operator, ...] = get_args(Operator)
_SEVERITIES: tuple[Severity, ...] = get_args(Severity)
_PLAYBOOK_KEYS = ("name", "our_role", "applies_to", "rules")
_RULE_KEYS = (
    "id",
    *_OPERATORS,
    "applies_to",
    "severity",
    "owner",
    "message",
    "preferred",
    "fallback",
    "examples",
)
_OPERAND_KEYS: dict[Operator, tuple[str, ...]] = {
    "require": ("values",),
    "forbid": ("values",),
    "allow": ("values",),
    "limit": ("max",),
    "between": ("min", "max"),
}
_NEEDED_KEYS: dict[Operator, tuple[str, ...]] = {
    "require": (),
    "forbid": (),
    "allow": ("values",),
    "limit": ("max",),
    "between": ("min", "max"),
}
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
"""YAML's escapes can make these; neither UTF-8 nor a database takes them."""
_ID = re.compile(r"[^\W_](?:[\w.-]{0,98}[^\W_])?")

_STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"
_KINDS = {
    _STRING: "a text",
    _NULL: "nothing",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:seq": "a list",
    "tag:yaml.org,2002:map": "a mapping",
}

_Entries = dict[str, tuple[yaml.Node, yaml.Node]]


def load(source: str) -> Playbook:
    """Read a playbook, or raise a PlaybookError that says where it is wrong."""
    found, problems = read(source)
    if found is None:
        raise problems[0]
    return found


def read(source: str) -> tuple[Playbook | None, tuple[PlaybookError, ...]]:
    """The playbook, or what is wrong with it: the first mistake of each rule."""
    try:
        root = _compose(source)
        entries = _mapping(root, "a playbook", _PLAYBOOK_KEYS)
        nodes = _sequence(_needed(entries, "rules", root, "a playbook"), "rules")
        name, our_role = _optional_text(entries, "name"), _optional_text(entries, "our_role")
        applies_to = _applies_to(entries, AppliesTo())
    except PlaybookError as error:
        return None, (error,)
    lines: dict[str, int] = {}
    rules: list[Rule] = []
    problems: list[PlaybookError] = []
    for node in nodes:
        try:
            rules.append(_rule(node, lines, applies_to))
        except PlaybookError as error:
            problems.append(error)
    if problems:
        return None, tuple(problems)
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    return Playbook(sha256, name, our_role, tuple(rules)), ()


def _compose(source: str) -> yaml.Node:
    try:
        root = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = error.problem or error.context or "it cannot be read"
        raise PlaybookError(f"this is not valid YAML: {problem}", line, column) from error
    except yaml.reader.ReaderError as error:
        before = source[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = "a character that YAML does not allow"
        raise PlaybookError(f"this is not valid YAML: {problem}", line, column) from error
    except (ValueError, OverflowError, RecursionError) as error:
        # pyyaml lets these through for absurd escapes ("\UFFFFFFFF") and absurd nesting.
        problem = "an escape or a nesting that cannot be read"
        raise PlaybookError(f"this is not valid YAML: {problem}", 1, 1) from error
    if root is None:
        raise PlaybookError("the playbook is empty; it needs `rules:`", 1, 1)
    return root


def _rule(node: yaml.Node, lines: dict[str, int], applies_to: AppliesTo) -> Rule:
    """Read one rule; ``lines`` knows where each id was first given.

    ``applies_to`` is the whole playbook's, for a rule that says nothing of its own.
    """
    entries = _mapping(node, "a rule", _RULE_KEYS)
    operator = _one_of(entries, _OPERATORS, node, "a rule")
    name, body = entries[operator]
    keys = ("fact", "clause", "where", *_OPERAND_KEYS[operator])
    subject = _mapping(body, f"`{operator}`", keys)
    target = _one_of(subject, ("fact", "clause"), name, f"`{operator}`")
    for key in _NEEDED_KEYS[operator]:
        _needed(subject, key, name, f"`{operator}`")
    fact = _known(subject["fact"][1], "field", FIELD_KINDS) if target == "fact" else None
    clause = _known(subject["clause"][1], "clause kind", CLAUSE_KINDS) if fact is None else None
    if clause and operator in {"require", "forbid"}:
        for key in ("where", "values"):
            if key in subject:
                _fail(subject[key][0], f"`{key}` is about facts; this rule is on a clause")
    values, kind = _values(subject, FIELD_KINDS[fact] if fact else None)
    minimum, kind = _bound(subject, "min", kind)
    maximum, kind = _bound(subject, "max", kind)
    if minimum is not None and maximum is not None and operands.order(minimum, maximum) == 1:
        _fail(subject["min"][1], "`min` is more than `max`")
    return Rule(
        id=_id(entries, node, lines),
        operator=operator,
        fact=fact,
        clause=clause,
        kind=kind or "text",
        where=_where(subject),
        values=values,
        minimum=minimum,
        maximum=maximum,
        applies_to=_applies_to(entries, applies_to),
        severity=_severity(entries),
        owner=_optional_text(entries, "owner"),
        message=_optional_text(entries, "message"),
        preferred=_optional_text(entries, "preferred"),
        fallback=_optional_text(entries, "fallback"),
        examples=_examples(entries),
        line=node.start_mark.line + 1,
    )


def _id(entries: _Entries, rule: yaml.Node, lines: dict[str, int]) -> str:
    node = _needed(entries, "id", rule, "a rule")
    text = _text(node, "id")
    if not _ID.fullmatch(text):
        _fail(node, "an id is made of letters, digits, '-', '_' and '.', at most 100 of them")
    if text in lines:
        _fail(node, f"the id {_quoted(text)} is taken by the rule in line {lines[text]}")
    lines[text] = rule.start_mark.line + 1
    return text


def _values(subject: _Entries, kind: Kind | None) -> tuple[tuple[Value, ...], Kind | None]:
    """Read the list of values; for a clause their form says what they are."""
    if "values" not in subject:
        return (), kind
    node = subject["values"][1]
    values: list[Value] = []
    for item in _items(node, "values"):
        value, kind = _operand(item, "values", kind)
        values.append(value)
    if not values:
        _fail(node, "`values` is empty")
    return tuple(values), kind


def _bound(subject: _Entries, key: str, kind: Kind | None) -> tuple[Value | None, Kind | None]:
    if key not in subject:
        return None, kind
    name, node = subject[key]
    value, kind = _operand(node, key, kind)
    if kind not in ORDERED_KINDS:
        _fail(name, f"`{key}` is for dates, durations, amounts and percentages, not for a {kind}")
    return value, kind


def _operand(node: yaml.Node, key: str, kind: Kind | None) -> tuple[Value, Kind]:
    written = _scalar(node, key)
    if kind is None:
        guessed, value = operands.guess(written)
        return value, guessed
    try:
        return operands.parse(kind, written), kind
    except ValueError as error:
        _fail(node, f"`{key}`: {error}")


def _where(subject: _Entries) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if "where" not in subject:
        return ()
    node = subject["where"][1]
    attributes = _mapping(node, "`where`", None)
    if not attributes:
        _fail(node, "`where` is empty")
    return tuple(
        (name, tuple(_scalar(item, name) for item in _items(value, name)))
        for name, (_, value) in attributes.items()
    )


def _applies_to(entries: _Entries, default: AppliesTo) -> AppliesTo:
    if "applies_to" not in entries:
        return default
    node = entries["applies_to"][1]
    lists = _mapping(node, "`applies_to`", ("types", "languages", "our_role"))
    for item in _items(lists["types"][1], "types") if "types" in lists else ():
        _known_type(item)
    return AppliesTo(**{key: _texts(value, key) for key, (_, value) in lists.items()})


def _known_type(node: yaml.Node) -> None:
    """A type that is never found would silence its rule."""
    name = operands.type_name(_text(node, "types"))
    if name not in DOCUMENT_TYPES:
        meant = _meant(name, DOCUMENT_TYPES)
        _fail(node, f"unknown document type {_quoted(str(node.value))}{meant}")


def _examples(entries: _Entries) -> Examples:
    if "examples" not in entries:
        return Examples()
    lists = _mapping(entries["examples"][1], "`examples`", ("good", "bad"))
    return Examples(**{key: _texts(value, key) for key, (_, value) in lists.items()})


def _severity(entries: _Entries) -> Severity:
    if "severity" not in entries:
        return "medium"
    node = entries["severity"][1]
    text = _text(node, "severity")
    severity = next((severity for severity in _SEVERITIES if severity == text), None)
    if severity is None:
        _fail(node, f"severity is one of {', '.join(_SEVERITIES)}, not {_quoted(text)}")
    return severity


def _known(node: yaml.Node, what: str, names: Iterable[str]) -> str:
    text = _text(node, what)
    if text not in names:
        _fail(node, f"unknown {what} {_quoted(text)}{_meant(text, names)}")
    return text


def _meant(text: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(text.replace("-", "_").casefold(), list(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


_Key = TypeVar("_Key", bound=str)


def _one_of(entries: _Entries, keys: tuple[_Key, ...], node: yaml.Node, what: str) -> _Key:
    given = [key for key in keys if key in entries]
    if not given:
        _fail(node, f"{what} needs one of {', '.join(keys)}")
    if len(given) > 1:
        second = [key for key in entries if key in given][1]
        _fail(entries[second][0], f"{what} takes only one of {', '.join(keys)}")
    return given[0]


def _needed(entries: _Entries, key: str, node: yaml.Node, what: str) -> yaml.Node:
    if key not in entries:
        _fail(node, f"{what} needs `{key}`")
    return entries[key][1]


def _mapping(node: yaml.Node, what: str, allowed: tuple[str, ...] | None) -> _Entries:
    """Read a mapping as key -> (key's node, value's node); ``allowed`` None takes any key."""
    if not isinstance(node, yaml.MappingNode) or node.tag not in _KINDS:
        _fail(node, f"{what} is a mapping (`key: value`), not {_kind_of(node)}")
    entries: _Entries = {}
    for key, value in node.value:
        name = _scalar(key, "a key")
        if allowed is not None and name not in allowed:
            _fail(key, f"{what} has no key {_quoted(name)}{_meant(name, allowed)}")
        if name in entries:
            _fail(key, f"{what} has the key {_quoted(name)} twice")
        entries[name] = (key, value)
    return entries


def _sequence(node: yaml.Node, what: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode) or node.tag not in _KINDS:
        _fail(node, f"`{what}` is a list, not {_kind_of(node)}")
    return list(node.value)


def _items(node: yaml.Node, what: str) -> list[yaml.Node]:
    """A list, or one value that stands for a list of one."""
    return [node] if isinstance(node, yaml.ScalarNode) else _sequence(node, what)


def _texts(node: yaml.Node, what: str) -> tuple[str, ...]:
    return tuple(_text(item, what) for item in _items(node, what))


def _optional_text(entries: _Entries, key: str) -> str | None:
    return _text(entries[key][1], key) if key in entries else None


def _text(node: yaml.Node, what: str) -> str:
    text = _scalar(node, what)
    if node.tag != _STRING:
        _fail(node, f"`{what}` is a text, not {_kind_of(node)}; put it in quotes")
    return text


def _scalar(node: yaml.Node, what: str) -> str:
    """What was written, whatever YAML makes of it: NO is Norway, 10 is ten."""
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _KINDS or node.tag == _NULL:
        _fail(node, f"`{what}` is one value, not {_kind_of(node)}")
    text = str(node.value)
    if not text.strip():
        _fail(node, f"`{what}` is empty")
    if _UNWRITABLE.search(text):
        _fail(node, f"`{what}` has an escape that stands for no character")
    return text


def _kind_of(node: yaml.Node) -> str:
    return _KINDS.get(node.tag, f"the tag {_quoted(node.tag)}")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def _fail(node: yaml.Node, message: str) -> Never:
    raise PlaybookError(message, node.start_mark.line + 1, node.start_mark.column + 1)
