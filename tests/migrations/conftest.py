from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session


@pytest.fixture
def session(database: str) -> Iterator[Session]:
    engine = create_engine(database)
    with Session(engine) as session:
        yield session
        session.rollback()
    engine.dispose()
