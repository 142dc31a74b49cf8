"""A real worker process on a real broker: wake-ups in, results out, whatever happens to it."""

import os
import re
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil_free as processes
import pytest
