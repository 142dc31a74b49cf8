"""PostgreSQL's roles: groups that carry the rights, and what a tenant's login is called."""

import hashlib
from typing import Final

INGEST: Final = "lexmill_ingest"
"""Works across namespaces: ingest, the sweeper, the demand feed, the outbox."""
API: Final = "lexmill_api"
"""Sees the one namespace that its transaction has entered."""
TENANT: Final = "lexmill_tenant"
"""Workers: each login of this group sees the namespace that it was made for."""

NAMESPACE: Final = "lexmill.namespace"
"""The setting that says which namespace an `API` transaction has entered."""

_LONGEST_NAME = 63  # PostgreSQL cuts longer names off, so that two would become one
_DIGEST = 16


def tenant_role(namespace: str) -> str:
    """The name of a tenant's login. A namespace has no `_`, so no short name is like a cut one."""
    name = f"tenant_{namespace}"
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(namespace.encode()).hexdigest()[:_DIGEST]
    kept = name.encode()[: _LONGEST_NAME - _DIGEST - 1].decode(errors="ignore")
    return f"{kept}_{digest}"
