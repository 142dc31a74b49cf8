from sqlalchemy import text
from sqlalchemy.orm import Session

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
