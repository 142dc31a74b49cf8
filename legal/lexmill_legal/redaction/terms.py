"""What a customer wants redacted, read from YAML; each error knows its line and column."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal, Never, TypeVar, get_args

import yaml

from lexmill_legal.errors import TermsError

Kind = Literal["person", "identifier", "account", "email", "phone", "address"]
Style = Literal["pseudonym", "black"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
TERM: Final = "term"
"""The kind of an own term's redaction."""

_STYLES: Final[tuple[Style, ...]] = get_args(Style)
_MOST: Final = 2_000
_LONGEST: Final = 200
_SHORTEST_STEM: Final = 3
_STRING: Final = "tag:yaml.org,2002:str"
_WORD: Final = re.compile(r"[^\W_]")
_UNWRITABLE: Final = re.compile("[\x00\ud800-\udfff]")

_Entries = dict[str, tuple[yaml.Node, yaml.Node]]


@dataclass(frozen=True, slots=True)
class Term:
    """Words to redact wherever they stand; of a ``stem`` each word may go on."""

    text: str
    stem: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Terms:
    """``kinds`` are found by Lexmill, ``terms`` are the customer's own, ``keep`` stays readable."""

    kinds: tuple[Kind, ...] = KINDS
    style: Style = "pseudonym"
    terms: tuple[Term, ...] = ()
    keep: tuple[str, ...] = ()
    sha256: str = hashlib.sha256(b"").hexdigest()


def load_terms(source: str) -> Terms:
    """Raises TermsError; what is left out, and an empty file, means what ``Terms()`` says."""
    root = _compose(source)
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    if root is None:
        return Terms(sha256=sha256)
    entries = _mapping(root, "this file", ("kinds", "style", "terms", "keep"))
    terms = [term for node in _list(entries, "terms") for term in _terms(node)]
    keep = [(node, _text(node, "keep")) for node in _list(entries, "keep")]
    own = {" ".join(term.text.lower().split()) for term in terms}
    for node, text in keep:
        if " ".join(text.lower().split()) in own:
            _fail(node, "this is one of `terms`, too: it can be redacted or kept, not both")
    if len(terms) + len(keep) > _MOST:
        _fail(root, f"`terms` and `keep` take {_MOST:,} entries together at most")
    kinds = tuple(_one_of(node, "kinds", KINDS) for node in _list(entries, "kinds"))
    return Terms(
        kinds=kinds if "kinds" in entries else KINDS,
        style=_one_of(entries["style"][1], "style", _STYLES) if "style" in entries else "pseudonym",
        terms=tuple(terms),
        keep=tuple(text for _, text in keep),
        sha256=sha256,
    )


def _compose(source: str) -> yaml.Node | None:
    try:
        return yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise TermsError("this is not valid YAML", line, column) from error
    except yaml.reader.ReaderError as error:
        before = source[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise TermsError("a character that YAML does not allow", line, column) from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise TermsError("an escape or a nesting that cannot be read", 1, 1) from error


def _terms(node: yaml.Node) -> list[Term]:
    entries = _mapping(node, "a term", ("text", "stem", "reason"))
    given = [key for key in ("text", "stem") if key in entries]
    if len(given) != 1:
        _fail(node, "a term has either `text` (these words) or `stem` (words that begin so)")
    if "reason" not in entries:
        _fail(node, "a term needs a `reason`, which is written beside each redaction")
    reason = _text(entries["reason"][1], "reason")
    (key,) = given
    written = entries[key][1]
    items = written.value if isinstance(written, yaml.SequenceNode) else [written]
    if not items:
        _fail(written, f"`{key}` is empty")
    return [Term(_words(item, key), key == "stem", reason) for item in items]


def _words(node: yaml.Node, key: str) -> str:
    text = _text(node, key)
    if not _WORD.search(text):
        _fail(node, f"`{key}` has neither a letter nor a digit")
    if key == "stem" and any(len(word) < _SHORTEST_STEM for word in text.split()):
        _fail(node, f"each word of a `stem` has {_SHORTEST_STEM} letters at least; use `text`")
    return text


def _list(entries: _Entries, key: str) -> list[yaml.Node]:
    if key not in entries:
        return []
    node = entries[key][1]
    if not isinstance(node, yaml.SequenceNode):
        _fail(node, f"`{key}` is a list")
    return list(node.value)


def _mapping(node: yaml.Node, what: str, allowed: tuple[str, ...]) -> _Entries:
    if not isinstance(node, yaml.MappingNode):
        _fail(node, f"{what} is a mapping (`key: value`) with {', '.join(allowed)}")
    entries: _Entries = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name not in allowed:
            _fail(key, f"{what} has no such key; it takes {', '.join(allowed)}")
        if name in entries:
            _fail(key, f"{what} has the key {name!r} twice")
        entries[name] = (key, value)
    return entries


_Choice = TypeVar("_Choice", bound=str)


def _one_of(node: yaml.Node, key: str, choices: tuple[_Choice, ...]) -> _Choice:
    text = _text(node, key)
    chosen = next((choice for choice in choices if choice == text), None)
    if chosen is None:
        _fail(node, f"`{key}` takes {', '.join(choices)}")
    return chosen


def _text(node: yaml.Node, key: str) -> str:
    """No error quotes what stands here: the file holds what has to stay secret."""
    if not isinstance(node, yaml.ScalarNode):
        _fail(node, f"`{key}` takes texts")
    if node.tag != _STRING:
        _fail(node, f"`{key}` takes texts; put it in quotes")
    text = " ".join(str(node.value).split())
    if not text:
        _fail(node, f"`{key}` has an empty text")
    if len(text) > _LONGEST:
        _fail(node, f"`{key}` has a text of more than {_LONGEST} characters")
    if _UNWRITABLE.search(text):
        _fail(node, f"`{key}` has an escape that stands for no character")
    return text


def _fail(node: yaml.Node, message: str) -> Never:
    raise TermsError(message, node.start_mark.line + 1, node.start_mark.column + 1)
