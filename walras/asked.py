"""What commands are asked for: a scenario and its parameters; and how input is refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.markup import escape

from markets.refused import Refused
from walras.catalogue import find, find_or_load
from walras.printing import err

if TYPE_CHECKING:
    from simulator.parameters import Parameters
    from simulator.scenario import Scenario

DEFECT, BAD_INPUT, NOT_CLEARED, INTERRUPTED = 1, 2, 3, 130

What = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE.toml|FILE.py",
        help="a scenario, a file of parameters, or a scenario of your own (its code is executed)",
    ),
]
Own = Annotated[
    Path | None,
    typer.Option(
        "--scenario",
        metavar="FILE.py",
        help="your own scenario, where a file of parameters or a run names it; it is executed",
    ),
]


def refuse(sentence: object) -> NoReturn:
    """Say in one sentence what is wrong with the input, and leave with 2."""
    err.print(f"[red]walras:[/red] {escape(str(sentence))}", soft_wrap=True, highlight=False)
    raise typer.Exit(BAD_INPUT)


def asked(
    what: str, assignments: Sequence[str] | None, own: Path | None
) -> tuple[Scenario[Any], Parameters]:
    """Scenario and parameters of a name or of a file, with assignments."""
    from simulator.parameters import parse, parse_assignment, read_toml

    given, folder = dict[str, Any](), None
    name = what
    if not what.endswith(".py") and (
        what.endswith(".toml") or os.sep in what or Path(what).is_file()
    ):
        name, given = read_toml(Path(what))
        folder = Path(what).parent
        if name.endswith(".py"):
            raise Refused(
                f'{what} names the scenario "{name}"; a file of parameters can\'t have code'
                " executed, name it on the command line: --scenario FILE.py"
            )
    scenario = finder(own)(name) if own is not None else find_or_load(name)
    given |= dict(parse_assignment(text) for text in assignments or [])
    return scenario, parse(scenario.parameters, given, folder)


def finder(own: Path | None) -> Callable[[str], Scenario[Any]]:
    """How to find the scenario of a name: the user's own file comes first, if one is named."""
    if own is None:
        return find
    scenario = find_or_load(str(own))

    def find_own(name: str) -> Scenario[Any]:
        return scenario if name == scenario.name else find(name)

    return find_own
