"""Commands about scenarios: what there is, and what a file of one's own needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from walras.catalogue import find_or_load, titles
from walras.commands.app import NOT_CLEARED, Code, Own, What, app, asked
from walras.printing import out, print_certificate

if TYPE_CHECKING:
    pass


@app.command("list")
def list_scenarios() -> None:
    """Show every scenario in a line, with its source."""
    known = titles()
    width = max(len(name) for name in known)
    for title in known.values():
        out.print(
            f"[bold]{title.name:{width}}[/bold]  {escape(title.summary)}."
            f" Source: {escape(title.source)}.",
            highlight=False,
        )


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME|FILE.py", help="a scenario, or a file of your own")
    ],
    toml: Annotated[bool, typer.Option("--toml", help="print a file to edit and run")] = False,
) -> None:
    """Show a scenario's parameters: default, unit, allowed range, meaning."""
    from simulator.parameters import declared, to_toml

    scenario = find_or_load(name)
    if toml:
        print(to_toml(scenario.name, scenario.parameters(), comments=True), end="")
        return
    out.print(f"[bold]{scenario.name}[/bold]: {scenario.title.summary}", highlight=False)
    out.print(escape(scenario.title.source), highlight=False)
    for item in declared(scenario.parameters):
        default = "not given" if item.default is None else json.dumps(item.default)
        unit = f" ({item.unit})" if item.unit else ""
        out.print(f"\n[bold]{item.name}[/bold] = {escape(default)}{unit}", highlight=False)
        out.print(f"    {escape(item.meaning)}", highlight=False)
        out.print(f"    allowed: {escape(item.allowed)}", highlight=False)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="the file to write")],
) -> None:
    """Write a commented Python file to start from: an economy of your own that runs."""
    from walras.own import write_new

    write_new(file)
    out.print(f"written to {file}; run it with walras run {file}", highlight=False, markup=False)


@app.command()
def rehearse(what: What, own: Own = None, code: Code = None) -> None:
    """Check that an economy keeps the rules that every economy must keep, with its defaults."""
    import numpy as np

    from simulator.rehearsal import rehearse as rehearse_economy

    holds = True
    scenario, parameters = asked(what, None, own, code)
    for case in scenario.cases(parameters):
        build, rng = case.build, np.random.default_rng(0)
        certificate = rehearse_economy(lambda build=build, rng=rng: build(rng))  # type: ignore[misc]
        out.print(f"[bold]{escape(case.name)}[/bold]", highlight=False)
        print_certificate(certificate)
        holds = holds and certificate.holds
    if not holds:
        raise typer.Exit(NOT_CLEARED)
