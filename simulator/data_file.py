"""Files of data that a parameter names: found from where they are named, kept with the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from markets.refused import Refused

FOLDER = "folder"
"""Key of the validation context: the folder in which relative names are looked for first."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that is read as data, never executed.

    As a parameter it is written as its name. A relative name is looked for beside the TOML file
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
                lambda file: file.path.name
            ),
        )

    @classmethod
    def _validate(cls, given: Any, info: ValidationInfo) -> DataFile:
        if isinstance(given, cls):
            return given
        named = info.field_name or "it"  # a value that is checked before it is part of a whole
        if not isinstance(given, (str, os.PathLike)):
            raise ValueError(f"{named} is {given!r}; it must be the name of a file")
        for folder in ((info.context or {}).get(FOLDER), Path()):
            try:
                if folder is not None and Path(folder, given).is_file():
                    return cls(Path(folder, given))
            except (OSError, ValueError):
                continue  # a name that no file can have
        shown = str(given)[:100]
        raise Refused(f'{named} is "{shown}"; it must be the name of a file')


def data_files(parameters: object) -> Iterator[DataFile]:
    """All data files that parameters name, tables inside tables included."""
    if isinstance(parameters, DataFile):
        yield parameters
    elif isinstance(parameters, BaseModel):
        for name in type(parameters).model_fields:
            yield from data_files(getattr(parameters, name))
    elif isinstance(parameters, dict):
        for part in parameters.values():
            yield from data_files(part)
    elif isinstance(parameters, (list, tuple)):
        for part in parameters:
            yield from data_files(part)
