"""Python files of the user's own: executed only where the user named them."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationInfo

from markets.refused import Refused, first_line
from simulator.data_file import DataFile
from simulator.given_file import LARGEST_TEXT, check_file
from simulator.stopping import INTERRUPTS

CODE = "code"
"""Key of the validation context: resolved paths of the files that may be executed. Without it all
may, since it is Python code that names them."""

_executed: dict[Path, ModuleType] = {}
"""Files that were executed in this process; again would make their classes twice."""


@dataclass(frozen=True, slots=True)
class CodeFile(DataFile):
    """A Python file that a parameter names. An exported run keeps a copy.

    Attributes
    ----------
    named : bool
        Whether the user named it where code may be named: in Python, or on the command line. A file
        of parameters, a manifest or a page can't have code executed.
    """

    named: bool = True

    @classmethod
    def _validate(cls, given: Any, info: ValidationInfo) -> DataFile:
        file = super(CodeFile, cls)._validate(given, info)
        context = info.context or {}
        if isinstance(given, cls) or CODE not in context:
            return file
        return cls(file.path, named=file.path.resolve() in context[CODE])

    def module(self) -> ModuleType:
        """Execute the file.

        Raises
        ------
        Refused
            If the user did not name it, or it fails to import, with the line.
        """
        if not self.named:
            raise Refused(
                f"{self.path.name} is code, which a file of parameters can't have executed; name it"
                f" on the command line: --code {self.path}"
            )
        return execute(self.path)


def execute(path: Path) -> ModuleType:
    """Execute a file, once in this process. It may import others from its folder.

    Raises
    ------
    Refused
        If it can't be read or fails to import: with the line.
    """
    check_file(path, LARGEST_TEXT)
    place = path.resolve()
    if place not in _executed:
        _executed[place] = _import(path, place)
    return _executed[place]


def code_in(value: object) -> list[Path]:
    """The files of code that a value names."""
    return [Path(text) for text in _texts(value) if text.endswith(".py")]


def line_in(error: BaseException, place: Path) -> int | None:
    """The last line of a file on the way to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(place)]
    return lines[-1] if lines else None


def _texts(value: object) -> Iterator[str]:
    """All texts in a value, those inside tables and lists included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part in value.values() for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))


def _import(path: Path, place: Path) -> ModuleType:
    name = f"walras_own_{place.stem}_{len(_executed)}"
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise Refused(f"{path} can't be read: it is not named like a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if str(place.parent) not in sys.path:
        sys.path.append(str(place.parent))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        del sys.modules[name]
        file = path if error.filename == str(place) else error.filename
        raise Refused(f"{file}, line {error.lineno}: {error.msg}") from None
    except INTERRUPTS:
        raise
    except BaseException as error:
        del sys.modules[name]
        line = line_in(error, place)
        at = f"{path}, line {line}" if line is not None else f"{path}"
        said = first_line(error)
        raise Refused(f"{at}: {type(error).__name__}{': ' if said else ''}{said}") from error
    return module
