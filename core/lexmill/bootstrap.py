"""The one start-up order of API and workers: settings, logs, engine, broker; actors come after."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from lexmill.database import create_async_database_engine, create_database_engine
from lexmill.queue.broker import WakeUpBroker, create_broker
from lexmill.settings import Settings
from lexmill.telemetry.logs import configure_logs


@dataclass(frozen=True)
class Process:
    """What every process has once it is started."""

    settings: Settings
    engine: Engine
    async_engine: AsyncEngine
    namespace_engine: AsyncEngine
    """For what enters one namespace; its login may see no more."""
    broker: WakeUpBroker

    async def close(self) -> None:
        await self.async_engine.dispose()
        await self.namespace_engine.dispose()
        self.close_sync()

    def close_sync(self) -> None:
        self.engine.dispose()
        self.broker.close()


def start(settings: Settings, *, process: str) -> Process:
    configure_logs(settings.telemetry, process=process)
    database = settings.database
    application = f"lexmill-{process}"
    shared = create_async_database_engine(database, application=application)
    return Process(
        settings=settings,
        engine=create_database_engine(database, application=application),
        async_engine=shared,
        namespace_engine=shared
        if database.api_url is None
        else create_async_database_engine(
            database.model_copy(update={"url": database.api_url}), application=application
        ),
        broker=create_broker(settings.queue),
    )
