"""Landlock: which files a program and all that it starts may touch."""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lexmill_workers.sandbox import kernel

# The same numbers on all machines, as for every call since Linux 5.1.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1
_PATH_BENEATH: Final = 1

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_TRUNCATE: Final = 1 << 14
_ON_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_READ: Final = _EXECUTE | _READ_FILE | _READ_DIR
_MAKE_DEVICES_AND_SOCKETS: Final = 1 << 6 | 1 << 9 | 1 << 11

_RIGHTS_BY_ABI: Final = (0, 13, 14, 15, 15, 16)
"""How many rights on files each version of the interface knows; later ones add none."""
_ABI_WITH_NETWORK: Final = 4
_ABI_WITH_SCOPES: Final = 6


def abi() -> int:
    """The kernel's version of the interface; 0 where there is none, or it is switched off."""
    return max(0, kernel.system_call(_CREATE_RULESET, 0, 0, _VERSION))


def restrict(*, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """For good; paths that do not exist are left out. Needs `kernel.forgo_privileges` first."""
    version = abi()
    known = (1 << _RIGHTS_BY_ABI[min(version, len(_RIGHTS_BY_ABI) - 1)]) - 1
    attributes = struct.pack("=Q", known)
    if version >= _ABI_WITH_NETWORK:
        attributes += struct.pack("=Q", 0b11)  # TCP: bind, connect
    if version >= _ABI_WITH_SCOPES:
        attributes += struct.pack("=Q", 0b11)  # no abstract sockets, no signals to the outside
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    ruleset = kernel.system_call(_CREATE_RULESET, ctypes.addressof(buffer), len(attributes), 0)
    if ruleset < 0:
        raise kernel.failure("landlock_create_ruleset")
    try:
        for path in readable:
            _allow(ruleset, path, _READ & known)
        for path in writable:
            _allow(ruleset, path, known & ~_MAKE_DEVICES_AND_SOCKETS)
        if kernel.system_call(_RESTRICT_SELF, ruleset, 0) != 0:
            raise kernel.failure("landlock_restrict_self")
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not path.is_dir():
            rights &= _ON_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        buffer = ctypes.create_string_buffer(rule, len(rule))
        address = ctypes.addressof(buffer)
        if kernel.system_call(_ADD_RULE, ruleset, _PATH_BENEATH, address, 0) != 0:
            raise kernel.failure("landlock_add_rule")
    finally:
        os.close(descriptor)
