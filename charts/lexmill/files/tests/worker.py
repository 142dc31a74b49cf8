"""Argument: the namespace. The settings are those of its workers."""

import sys
import uuid

import redis
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from lexmill.settings import Settings
from lexmill.storage.objects import Objects
from lexmill.tenancy.service import is_confined, may_serve

namespace = sys.argv[1]
settings = Settings()
with Session(create_engine(settings.database.url.get_secret_value())) as session:
    if not may_serve(session, namespace=namespace):
        sys.exit(f"PostgreSQL: this login is not the one of {namespace}")
    confined = is_confined(session)
    print("PostgreSQL: ok" if confined else "PostgreSQL: ok, but this login sees all namespaces")
redis.Redis.from_url(settings.queue.url.get_secret_value()).ping()
print("Valkey: ok")
objects = Objects(settings.storage.uri)
key = f"{namespace}/helm-test/{uuid.uuid4()}"
objects.put(key, b"ok")
objects.get(key)
objects.delete(key)
print("objects: ok")
