"""CITATION.cff is what the Citation File Format asks for, and is about this version.

The schema is that of the format's version 1.2.0 (Druskat et al., 2021, licence CC-BY-4.0).
"""

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    # dates stay text, as the schema wants them
    loaded: dict[str, Any] = yaml.load((ROOT / "CITATION.cff").read_text("utf-8"), yaml.BaseLoader)
    return loaded


def test_it_follows_the_schema(citation: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests" / "cff-schema-1.2.0.json").read_text("utf-8"))
    jsonschema.validate(citation, schema)


def test_version_licence_and_date_are_those_of_the_package(citation: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]
    assert "date-released" in citation  # the schema does not ask for it
