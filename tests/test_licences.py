"""The check of licences names what is neither allowed nor an exception."""

from __future__ import annotations

import runpy
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import pytest

CHECK = runpy.run_path(str(Path(__file__).parents[1] / ".ci" / "licences.py"))


def distribution(name: str, **fields: str) -> SimpleNamespace:
    about = Message()
    for field, value in fields.items():
        about[field.replace("_", "-")] = value
    return SimpleNamespace(name=name, metadata=about)


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"License_Expression": "MIT"}, True),
        ({"License_Expression": "(BSD-2-Clause AND Apache-2.0) WITH LLVM-exception"}, True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, False),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, True),
        ({"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}, False),
        ({"License": "BSD 3-Clause License\n\nCopyright"}, True),
        ({"License": "ours alone"}, False),
        ({}, False),
    ],
)
def test_licences_are_read_from_metadata(fields: dict[str, str], allowed: bool) -> None:
    wrong = CHECK["complaints"]([distribution("thing", **fields)])
    assert wrong == [] if allowed else wrong[0].startswith("thing: its licence is ")


def test_exceptions_are_named_with_their_reason() -> None:
    assert CHECK["complaints"]([distribution("fpdf2", License="LGPL-3.0-only")]) == []
    assert all(CHECK["EXCEPTIONS"].values())
