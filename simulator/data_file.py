"""Files of data that a parameter names: found from where they are named, kept with the run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, SerializationInfo, ValidationInfo
from pydantic_core import core_schema

from markets.refused import Refused, on_one_line

FOLDER = "folder"
"""Key of the validation context: the folder in which relative names are looked for first."""

FILES = "files"
"""Key of the validation context: resolved paths of the files that may be named. Without it all may,
since the values are not those of a stranger."""

WHERE = "where"
"""Key of the serialization context: names are to be found from any folder."""

IN_TEXT = re.compile(r"(\s*empirical\(.*\bfile\s*=\s*)([^,()]*[^,()\s])")
"""A file that a distribution names, and what stands before it."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that is read as data, never executed.

    As a parameter it is written as its name, or where the context of serialization has ``WHERE``,
    with the folder that it is in. A relative name is looked for beside the TOML file
    that it stands in, then in the working folder. An exported run keeps a copy, and its parameters
    name that.

    Attributes
    ----------
    path : Path
        Where it is.
    """

    path: Path

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Text in, checked; the bare name out."""
        return core_schema.with_info_plain_validator_function(
            cls._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                cls._written, info_arg=True, when_used="json"
            ),
        )

    @staticmethod
    def _written(file: DataFile, info: SerializationInfo) -> str:
        return _name(file.path, info)

    @classmethod
    def _validate(cls, given: Any, info: ValidationInfo) -> DataFile:
        if isinstance(given, cls):
            return given
        named = info.field_name or "it"  # a value that is checked before it is part of a whole
        if not isinstance(given, (str, os.PathLike)):
            raise ValueError(f"{named} is {given!r}; it must be the name of a file")
        found = _found(given, info)
        if found is None:
            shown = str(given)[:100]
            which = " that the command line names" if FILES in (info.context or {}) else ""
            raise Refused(f'{named} is "{shown}"; it must be the name of a file{which}')
        return cls(found)


def _found(given: str | os.PathLike[str], info: ValidationInfo) -> Path | None:
    """Where a named file is: beside the file of parameters, or in the working folder."""
    context = info.context or {}
    files = context.get(FILES)
    for folder in (context.get(FOLDER), Path()):
        try:
            if folder is None or (files is not None and Path(folder, given).resolve() not in files):
                continue
            if Path(folder, given).is_file():
                return Path(folder, given)
        except (OSError, ValueError):
            continue  # a name that no file can have
    return None


def _name(path: Path, info: SerializationInfo) -> str:
    """A file as parameters are written: its name, or where it is if that is asked for."""
    return str(path.resolve()) if WHERE in (info.context or {}) else path.name


def located(text: str, info: ValidationInfo) -> str:
    """A distribution with the place of the file that it names, if it names one that is there."""
    named = IN_TEXT.match(text)
    found = None if named is None else _found(named[2], info)
    if found is None and FILES in (info.context or {}) and "file" in text:
        raise Refused(
            f"{on_one_line(text, 100, 40)} names a file, which is none of those it may name"
        )
    return text if found is None else IN_TEXT.sub(lambda match: f"{match[1]}{found}", text)


def written(value: Any, info: SerializationInfo) -> Any:
    """A parameter that may be a distribution, with a file that it names as files are written."""
    if not isinstance(value, str):
        return value
    return IN_TEXT.sub(lambda match: f"{match[1]}{_name(Path(match[2]), info)}", value)


def data_files(parameters: object) -> Iterator[DataFile]:
    """All data files that parameters name, tables inside tables included."""
    if isinstance(parameters, DataFile):
        yield parameters
    elif isinstance(parameters, str):
        named = IN_TEXT.match(parameters)
        if named is not None:
            yield DataFile(Path(named[2]))
    elif isinstance(parameters, BaseModel):
        for name in type(parameters).model_fields:
            yield from data_files(getattr(parameters, name))
    elif isinstance(parameters, dict):
        for part in parameters.values():
            yield from data_files(part)
    elif isinstance(parameters, (list, tuple)):
        for part in parameters:
            yield from data_files(part)
