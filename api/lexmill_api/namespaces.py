"""The one way of REST to the database: a transaction that has entered the path's namespace."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from lexmill.tenancy.service import enter_namespace
from lexmill_api.access import Namespace, Runtime

T = TypeVar("T")


@dataclass(frozen=True)
class NamespaceDatabase:
    """What a route's services run in: rows of other namespaces are not there."""

    name: str
    _engine: AsyncEngine

    async def run(self, service: Callable[[Session], T]) -> T:
        """Gives what the service gave, once it is committed."""

        def entered(session: Session) -> T:
            enter_namespace(session, namespace=self.name)
            return service(session)

        async with (
            AsyncSession(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            return await session.run_sync(entered)


def _entered(runtime: Runtime, namespace: Namespace) -> NamespaceDatabase:
    return NamespaceDatabase(namespace, runtime.process.namespace_engine)


Database = Annotated[NamespaceDatabase, Depends(_entered)]
