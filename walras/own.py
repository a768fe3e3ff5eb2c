"""Scenarios that did not come with walras: a Python file, or an installed package.

A file is executed, as any Python program is; so it is loaded only where a user names it. Packages
announce scenarios by entry points of the group ``walras.scenarios``: the name of the entry point is
that of the scenario, its object an instance of :class:`simulator.scenario.Scenario`.
"""

from __future__ import annotations

import inspect
import re
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from markets.refused import Refused, first_line
from simulator.code_file import execute, line_in
from simulator.declared import Declared
from simulator.new_folder import new_files
from simulator.parameters import Parameters
from simulator.scenario import Scenario
from simulator.stopping import unstoppable
from simulator.title import Title

GROUP = "walras.scenarios"
"""Entry points of installed packages that announce scenarios."""

VARIABLE = "SCENARIO"
"""What a file calls its scenario."""

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
"""Names that a scenario may have: they are part of the names of folders."""

_loaded: dict[Path, Scenario[Any]] = {}
"""Scenarios of files that were executed in this process."""


def load(path: Path) -> Scenario[Any]:
    """Execute a file and give the scenario that it defines as ``SCENARIO``.

    The file may import others from its folder.

    Raises
    ------
    Refused
        If it can't be read, fails to import, or defines no scenario: with the line.
    """
    module, place = execute(path), path.resolve()
    if place not in _loaded:
        _loaded[place] = _checked(getattr(module, VARIABLE, None), path, place)
    return _loaded[place]


def announced() -> dict[str, EntryPoint]:
    """The entry points of installed packages, by name; the first of each name in sorted order."""
    found = sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    return {point.name: point for point in reversed(found)}


def announced_scenario(point: EntryPoint) -> Scenario[Any]:
    """The scenario of an entry point.

    Raises
    ------
    Refused
        If the package fails to import, or the object is no scenario of that name.
    """
    package = point.dist.name if point.dist is not None else point.module
    try:
        scenario = point.load()
    except Exception as error:
        raise Refused(
            f"{package} announces {point.name} but fails to import:"
            f" {type(error).__name__}: {first_line(error)}"
        ) from error
    if not isinstance(scenario, Scenario) or scenario.name != point.name:
        raise Refused(f"{package} announces {point.name}, which is no scenario of that name")
    return scenario


def where(error: BaseException, scenario: Declared[Any]) -> str | None:
    """Where in the user's own file something went wrong, in a sentence; None if not there."""
    if scenario.file is None:
        return None
    line = line_in(error, scenario.file.resolve())
    if line is None:
        line = inspect.getsourcelines(type(scenario))[1]
    return f"{scenario.file}, line {line}: {type(error).__name__}: {first_line(error)}"


@unstoppable()
def write_new(path: Path) -> None:
    """Write a commented file to start from: an economy that runs.

    Raises
    ------
    Refused
        If the file exists, is not named ``.py``, or can't be written.
    """
    if path.suffix != ".py" or not NAME.fullmatch(path.stem.lower().replace("_", "-")):
        raise Refused(f"{path} is no name for a Python file; it must look like my_market.py")
    text = Path(__file__).with_name("starting_file.py").read_text(encoding="utf-8")
    named = path.stem.lower().replace("_", "-")
    text = text.replace("my_market.py", path.name).replace('"my-market"', f'"{named}"')
    with new_files(path.parent, over=False) as fresh:
        (fresh / path.name).write_text(text, encoding="utf-8")


def _checked(scenario: Any, path: Path, place: Path) -> Scenario[Any]:
    """The scenario, with the file that it came from."""
    if not isinstance(scenario, Scenario):
        raise Refused(
            f"{path} defines no {VARIABLE}; its last line must be {VARIABLE} = MyScenario(), an"
            " instance of a subclass of walras.Scenario"
        )
    line = inspect.getsourcelines(type(scenario))[1]
    at = f"{path}, line {line}: {type(scenario).__name__}"
    if not isinstance(getattr(scenario, "title", None), Title):
        raise Refused(f"{at} has no title; it must be a walras.Title")
    if not NAME.fullmatch(scenario.name):
        raise Refused(
            f'{at} is named "{scenario.name}"; a name is of lower-case letters, digits and hyphens'
        )
    model = getattr(scenario, "parameters", None)
    if not (isinstance(model, type) and issubclass(model, Parameters)):
        raise Refused(f"{at} has no parameters; it must be a subclass of walras.Parameters")
    scenario.file = path
    return scenario
