from sqlalchemy import NullPool, create_engine, text

from alembic import context
from lexmill.models import Base
from lexmill_migrations.access import secure
from lexmill_migrations.revisions import note_served

# Two installers may migrate at the same time: the second waits, then finds nothing to do.
_LOCK = 0x6C65786D696C6C


def run() -> None:
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_server_default=True,
            include_name=lambda name, kind, _parents: (
                not (kind == "table" and name is not None and name.startswith("event_part_"))
            ),
        )
        with context.begin_transaction():
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            context.run_migrations()
            migrated = context.get_context()
            if migrated.get_current_heads() == (context.get_head_revision(),):
                secure(connection)
                note_served(connection, context.script)


run()
