"""Values of parameters as a sweep knows them: plain, checked one by one, and told apart by text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeGuard

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from markets.refused import Refused
from simulator.data_file import FOLDER, DataFile
from simulator.export import digest
from simulator.parameters import allowed

FILE, CONTENT = "file", "sha256"
"""Keys of a value that is a file of data: where it is, and the digest of its content."""


def plain_value(field: FieldInfo, name: str, value: object, folder: Path | None) -> Any:
    """A value as JSON knows it, checked on its own.

    Raises
    ------
    Refused
        If it is not allowed.
    """
    given = value.item() if isinstance(value, np.generic) else value
    given = given[FILE] if is_file(given) else given
    adapter = _adapter(field)
    try:
        parsed = adapter.validate_python(given, context={FOLDER: folder})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        if problem["type"] == "value_error":
            raise Refused(f"{name}: {str(problem['msg']).removeprefix('Value error, ')}") from None
        shown = f'"{given}"' if isinstance(given, str) else repr(given)
        lists = f"; lists are written {name}=[0.01],[0.03]" if "list" in problem["type"] else ""
        raise Refused(f"{name} is {shown}; it must be {allowed(field)}{lists}") from None
    if isinstance(parsed, DataFile):
        return {FILE: str(parsed.path.resolve()), CONTENT: digest(parsed.path)}
    return adapter.dump_python(parsed, mode="json")


def default_of(field: FieldInfo) -> Any:
    """A default as JSON knows it; None where there is none."""
    if field.is_required():
        return None
    return _adapter(field).dump_python(field.get_default(call_default_factory=True), mode="json")


def is_file(value: object) -> TypeGuard[Mapping[str, str]]:
    """Whether a value is a file of data."""
    return isinstance(value, Mapping) and value.keys() == {FILE, CONTENT}


def identity(value: Any) -> str:
    """What tells a value from others: of a file its content, wherever it is."""
    return text_of({CONTENT: value[CONTENT]}) if is_file(value) else text_of(value)


def text_of(value: object) -> str:
    """A value as JSON: two that have the same are the same."""
    return json.dumps(value, sort_keys=True)


def rank(value: object) -> tuple[int, float, str]:
    """Numbers in their order, after nothing and before everything else."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (1, float(value), "")
    return (2, 0.0, text_of(value))


def as_given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a scenario's parameters take them: files by their names."""
    return {n: v[FILE] if is_file(v) else v for n, v in values.items()}


def as_cell(value: object) -> object:
    """A value as it stands in a table: lists and tables as text."""
    if is_file(value):
        return Path(value[FILE]).name
    return value if value is None or isinstance(value, (bool, int, float, str)) else text_of(value)


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]
