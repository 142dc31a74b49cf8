"""Who a caller is, and what they may do in a namespace."""

from lexmill_api.identity.callers import Access, Action, Caller, Role, UndecidedError
from lexmill_api.identity.identities import Identities, identities

__all__ = ["Access", "Action", "Caller", "Identities", "Role", "UndecidedError", "identities"]
