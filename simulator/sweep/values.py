"""Values of parameters as a sweep knows them: plain, checked one by one, and told apart by text."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeGuard

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from markets.refused import Refused, shown
from simulator.code_file import CODE, CodeFile
from simulator.data_file import FOLDER, WHERE, data_files
from simulator.export import digest
from simulator.parameters import allowed, refuse_nesting

GIVEN, NAMED, FILES = "given", "named", "files"
"""Keys of a value that names files: with their places, with their bare names, and the digest of the
content of each by its place."""


def plain_values(
    field: FieldInfo,
    name: str,
    values: Iterable[object],
    folder: Path | None,
    code: Collection[Path] | None,
) -> list[Any]:
    """Values as JSON knows them, each checked on its own.

    Parameters
    ----------
    field : FieldInfo
        The parameter.
    name : str
        Its name.
    values : iterable
        What is given.
    folder : Path, optional
        Where names of files are looked for before the working folder.
    code : collection of Path, optional
        Files that may be executed; any unless given.

    Raises
    ------
    Refused
        If one is not allowed.
    """
    adapter = _adapter(field)  # which takes longer to make than a value to check
    context: dict[str, object] = {FOLDER: folder}
    if code is not None:
        context[CODE] = frozenset(path.resolve() for path in code)
    return [_plain_value(field, adapter, name, value, context) for value in values]


def _plain_value(
    field: FieldInfo,
    adapter: TypeAdapter[Any],
    name: str,
    value: object,
    context: dict[str, object],
) -> Any:
    given = value.item() if isinstance(value, np.generic) else value
    given = given[GIVEN] if names_files(given) else given
    refuse_nesting(name, given)
    try:
        parsed = adapter.validate_python(given, context=context)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        if problem["type"] == "value_error":
            raise Refused(f"{name}: {str(problem['msg']).removeprefix('Value error, ')}") from None
        lists = f"; lists are written {name}=[0.01],[0.03]" if "list" in problem["type"] else ""
        raise Refused(f"{name} is {shown(given)}; it must be {allowed(field)}{lists}") from None
    files = list(data_files(parsed))
    for file in files:
        if isinstance(file, CodeFile):
            file.module()  # refused here if it may not be executed
    named = adapter.dump_python(parsed, mode="json")
    if not files:
        return named
    return {
        GIVEN: adapter.dump_python(parsed, mode="json", context={WHERE: True}),
        NAMED: named,
        FILES: {str(file.path.resolve()): digest(file.path) for file in files},
    }


def default_of(field: FieldInfo) -> Any:
    """A default as JSON knows it; None where there is none."""
    if field.is_required():
        return None
    return _adapter(field).dump_python(field.get_default(call_default_factory=True), mode="json")


def names_files(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value names files."""
    return isinstance(value, Mapping) and value.keys() == {GIVEN, NAMED, FILES}


def files_of(values: Iterable[object]) -> list[Path]:
    """The files that some values name."""
    return [Path(path) for value in values if names_files(value) for path in value[FILES]]


def identity(value: Any) -> str:
    """What tells a value from others: of files their content, wherever they are."""
    return text_of([value[NAMED], sorted(value[FILES].values())] if names_files(value) else value)


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
    """Values as a scenario's parameters take them: files with their places."""
    return {n: v[GIVEN] if names_files(v) else v for n, v in values.items()}


def as_cell(value: object) -> object:
    """A value as it stands in a table: lists and tables as text, files by their names."""
    plain = value[NAMED] if names_files(value) else value
    return plain if plain is None or isinstance(plain, (bool, int, float, str)) else text_of(plain)


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[field.annotation, field])  # type: ignore[arg-type]
