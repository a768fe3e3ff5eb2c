"""What all commands share: the application, options, what is asked for, refusals."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol

import typer
from rich.markup import escape

from markets.refused import Refused
from walras.catalogue import find, find_or_load
from walras.printing import err

if TYPE_CHECKING:
    from simulator.parameters import Parameters
    from simulator.scenario import Scenario

DEFECT, BAD_INPUT, NOT_CLEARED = 1, 2, 3

app = typer.Typer(
    name="walras",
    help="Markets with collateral, margins and default: traders, a clearing house, and rounds"
    " until every market clears.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


ASKED = typer.Argument(
    metavar="NAME|FILE.toml|FILE.py",
    help="a scenario, a file of parameters, or a scenario of your own (its code is executed)",
)
What = Annotated[str, ASKED]
Own = Annotated[
    Path | None,
    typer.Option(
        "--scenario",
        metavar="FILE.py",
        help="your own scenario, where a file of parameters or a run names it; it is executed",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="rounds of a run go on no longer; it is looked at after every round",
    ),
]
Code = Annotated[
    list[Path] | None,
    typer.Option(
        "--code",
        metavar="FILE.py",
        help="a file with a margin rule that a file of parameters, or a run, names; it is executed",
    ),
]
Assignments = Annotated[
    list[str] | None, typer.Option("--set", help="key=value, as often as you like")
]
CaseName = Annotated[str | None, typer.Option(help="name of the case; the first unless given")]
Seed = Annotated[int, typer.Option(min=0, help="seed of the random generator")]
Out = Annotated[Path | None, typer.Option("--out", help="folder to export under")]
NoPlots = Annotated[bool, typer.Option("--no-plots", help="export no figures")]
AsJson = Annotated[
    bool, typer.Option("--json", help="print one JSON document; export only with --out")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="no progress, only results")]
Dpi = Annotated[float, typer.Option(min=10, max=2400, help="dots per inch of PNG")]
Width = Annotated[
    float | None, typer.Option(min=20, max=2000, help="width of figures in millimetres")
]


def refuse(sentence: object) -> NoReturn:
    """Say in one sentence what is wrong with the input, and leave with 2."""
    err.print(f"[red]walras:[/red] {escape(str(sentence))}", soft_wrap=True, highlight=False)
    raise typer.Exit(BAD_INPUT)


def asked(
    what: str, assignments: Sequence[str] | None, own: Path | None, code: Sequence[Path] | None
) -> tuple[Scenario[Any], Parameters]:
    """Scenario and parameters of a name or of a file, with assignments.

    Files of code that an assignment names are named on the command line.
    """
    from simulator.code_file import CodeFile, code_in
    from simulator.data_file import data_files
    from simulator.parameters import parse, parse_assignment

    scenario, given, folder = named(what, own)
    assigned = dict(parse_assignment(text) for text in assignments or [])
    parameters = parse(
        scenario.parameters, given | assigned, folder, [*(code or []), *code_in(assigned)]
    )
    for file in data_files(parameters):
        if isinstance(file, CodeFile):
            file.module()  # refused here if the command line does not name it
    return scenario, parameters


def named(what: str, own: Path | None) -> tuple[Scenario[Any], dict[str, Any], Path | None]:
    """Scenario of a name or of a file; what a file of parameters gives, and its folder."""
    from simulator.parameters import read_toml

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
    return finder(own)(name) if own is not None else find_or_load(name), given, folder


def export_under(folder: Path | None, as_json: bool) -> Path | None:
    """Folder to export under: ``runs`` unless given, none where only JSON is asked for.

    Raises
    ------
    Refused
        If it can't be written to.
    """
    from simulator.export import check_writable

    if folder is None and as_json:
        return None
    folder = Path("runs") if folder is None else folder
    check_writable(folder)
    return folder


class Exportable(Protocol):
    """What was found, which can be exported."""

    def export(self, folder: Path, *, plots: bool) -> Path:
        """Write it to a new folder inside a folder."""


def export_and_show(
    found: Exportable, folder: Path | None, show: Callable[[Path | None], None], *, plots: bool
) -> None:
    """Export what was found, if there is a folder for it, and show it in any case.

    Raises
    ------
    Refused
        If it can't be exported.
    """
    written = None
    try:
        if folder is not None:
            written = found.export(folder, plots=plots)
    finally:
        show(written)


def finder(own: Path | None) -> Callable[[str], Scenario[Any]]:
    """How to find the scenario of a name: the user's own file comes first, if one is named."""
    if own is None:
        return find
    scenario = find_or_load(str(own))

    def find_own(name: str) -> Scenario[Any]:
        return scenario if name == scenario.name else find(name)

    return find_own
