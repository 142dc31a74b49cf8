"""Callers, what they may do, and the words that OIDC claims, tokens and Kubernetes have for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum

EVERYWHERE = "*"
"""Stands for all namespaces in what a caller was granted."""


class Access(Enum):
    GRANTED = "granted"
    UNKNOWN = "unknown"
    """Whose token it is cannot be said."""
    FORBIDDEN = "forbidden"
    """It is known whose it is, and they may not do this here."""
    UNDECIDED = "undecided"
    """Who could say it does not answer: the caller should come again."""


class Action(Enum):
    """What a request does; its value is Kubernetes' verb for it on ``legaljobs``."""

    GET = ("get", "get")
    LIST = ("list", "list")
    SUBMIT = ("submit", "create")
    """Declare jobs, upload documents, send events, replay."""
    CONTROL = ("control", "update")
    """Cancel, suspend, resume."""
    REVIEW = ("review", "update")
    """Accept, correct, reject, reopen."""
    ADMINISTER = ("administer", "delete")
    """Delete jobs; tokens, retention, legal holds, purging."""

    @property
    def verb(self) -> str:
        return self.value[1]


class Role(StrEnum):
    READER = "reader"
    REVIEWER = "reviewer"
    SUBMITTER = "submitter"
    ADMIN = "admin"


_READING = frozenset({Action.GET, Action.LIST})
ALLOWED: Mapping[Role, frozenset[Action]] = {
    Role.READER: _READING,
    Role.REVIEWER: _READING | {Action.REVIEW},
    Role.SUBMITTER: _READING | {Action.SUBMIT, Action.CONTROL},
    Role.ADMIN: frozenset(Action),
}

_NAMES = frozenset(role.value for role in Role)

Roles = Mapping[str, frozenset[Role]]
"""By namespace."""


@dataclass(frozen=True, slots=True)
class KubernetesUser:
    """As the API server knows them: what a SubjectAccessReview asks about."""

    username: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """``name`` is what the audit trail says of who it was.

    ``controls``: the operator, or whoever has the control token: everything everywhere, and the
    only ones whose control events are taken. ``user``: Kubernetes decides; else ``roles`` do.
    """

    name: str
    controls: bool = False
    roles: Roles = field(default_factory=dict)
    user: KubernetesUser | None = None

    def has_role_for(self, action: Action, namespace: str) -> bool:
        held = self.roles.get(namespace, frozenset()) | self.roles.get(EVERYWHERE, frozenset())
        return any(action in ALLOWED[role] for role in held)


class UndecidedError(Exception):
    """Who could say it does not answer."""


def bound_roles(grants: Collection[object]) -> Roles:
    """From ``namespace:role`` words, as a claim lists them; what is no such word grants nothing."""
    roles: dict[str, frozenset[Role]] = {}
    for grant in grants:
        namespace, _, name = str(grant).rpartition(":")
        if namespace and name in _NAMES:
            roles[namespace] = roles.get(namespace, frozenset()) | {Role(name)}
    return roles
