"""A list as one writes it first: ORM objects, OFFSET, a Pydantic model of each row.

Served as ``orm_list:app``; the URL of PostgreSQL comes from LEXMILL_DATABASE__URL.
"""

import os
import uuid
from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lexmill.documents.models import Document

app = FastAPI()
engine = create_async_engine(os.environ["LEXMILL_DATABASE__URL"], pool_size=5)


class DocumentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    job_uid: uuid.UUID
    parent_id: uuid.UUID | None
    uri: str
    name: str
    state: str
    error_code: str | None
    error_message: str | None
    sha256: str | None
    priority: int
    created_at: datetime
    ended_at: datetime | None


@app.get("/documents/{namespace}")
async def get_documents(
    namespace: str,
    page: Annotated[int, Query(ge=1)] = 1,
    size: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[DocumentOut]:
    async with AsyncSession(engine) as session:
        found = await session.scalars(
            select(Document)
            .where(Document.namespace == namespace)
            .order_by(Document.created_at.desc())
            .offset((page - 1) * size)
            .limit(size)
        )
        return [DocumentOut.model_validate(document) for document in found]
