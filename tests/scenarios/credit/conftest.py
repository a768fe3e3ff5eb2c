"""The generator of random credit economies, for the tests that draw from it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def random_credit_trees() -> ModuleType:
    path = Path(__file__).with_name("random_credit_trees.py")
    spec = importlib.util.spec_from_file_location("random_credit_trees", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
