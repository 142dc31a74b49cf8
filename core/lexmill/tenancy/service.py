from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lexmill.tenancy.models import Tenant
from lexmill.tenancy.prefixes import check_uri
from lexmill.tenancy.roles import API, NAMESPACE

_ENTER = text(f"""
    SELECT set_config('role', '{API}', true), set_config('{NAMESPACE}', :namespace, true)
""")
_IS_CONFINED = text("SELECT row_security_active('document')")
_MAY_SERVE = text("""
    SELECT NOT row_security_active('document')
      OR EXISTS (SELECT FROM tenant WHERE namespace = :namespace)
""")


def enter_namespace(session: Session, *, namespace: str) -> None:
    """Until the transaction ends it sees and changes nothing of any other namespace.

    However the process has logged in: who is logged in as the owner acts as `API` meanwhile.
    """
    session.execute(_ENTER, {"namespace": namespace})


def is_confined(session: Session) -> bool:
    """Whether PostgreSQL's policies hold for this login; for owners and superusers they do not."""
    return bool(session.scalar(_IS_CONFINED))


def may_serve(session: Session, *, namespace: str) -> bool:
    """False for the login of another namespace, which would find nothing to do for ever."""
    return bool(session.scalar(_MAY_SERVE, {"namespace": namespace}))


def check_job_uris(session: Session, *, namespace: str, spec: Mapping[str, Any]) -> None:
    """What a job reads and writes by its own spec. Raises LexmillError.

    An event's documents are known when a worker has them, which asks then.
    """
    tenant = session.execute(
        select(Tenant.reads, Tenant.writes).where(Tenant.namespace == namespace)
    ).one_or_none()
    if tenant is None:
        return
    for source in spec.get("documents", ()):
        if "uri" in source:
            check_uri(source["uri"], tenant.reads, verb="read")
    if "output" in spec:
        check_uri(spec["output"]["uri"], tenant.writes, verb="write")
