"""What a result depends on beside its parameters: versions of Python, packages and code."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
from functools import cache
from pathlib import Path

PACKAGES = (
    "walras",
    "mesa",
    "numpy",
    "pandas",
    "scipy",
    "matplotlib",
    "pydantic",
    "pyarrow",
    "highspy",
    "numba",
)
"""Packages whose version is written down with every result."""

FLOORS = ("markets", "agents", "simulator", "scenarios")
"""Packages of walras whose code results come from."""


@cache
def versions() -> dict[str, str | None]:
    """Version of Python and of every package; None where one is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


@cache
def code() -> dict[str, str]:
    """A digest of the code of each floor, so that a checkout in the making is told apart, too."""
    root = Path(__file__).resolve().parents[1]
    return {f"code of {floor}": _digest(root / floor) for floor in FLOORS}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _digest(folder: Path) -> str:
    """SHA-256 of all Python files below a folder, names included, in 12 digits."""
    hashed = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        hashed.update(path.relative_to(folder).as_posix().encode() + b"\0")
        hashed.update(path.read_bytes() + b"\0")
    return hashed.hexdigest()[:12]
