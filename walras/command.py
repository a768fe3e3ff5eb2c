"""The command ``walras``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simulator.export import check_writable
from simulator.outcome import Outcome
from simulator.parameters import (
    declared,
    parse,
    parse_assignment,
    read_toml,
    to_toml,
)
from simulator.run import Run, simulate
from simulator.scenario import Scenario
from simulator.verify import verify as verify_folder
from walras.catalogue import SCENARIOS, find
from walras.serving import Asked, check_servable
from walras.serving import serve as serve_page

BAD_INPUT, NOT_CLEARED = 2, 3

DATES_SHOWN = 20
"""Dates printed; of more, the first and the last half of so many."""

app = typer.Typer(
    name="walras",
    help="Markets with collateral, margins and default: traders, a clearing house, and rounds"
    " until every market clears.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True)
told = Console(stderr=True)


def _refuse(sentence: object) -> NoReturn:
    """Say in one sentence what is wrong with the input, and leave with 2."""
    told.print(f"[red]walras:[/red] {escape(str(sentence))}", soft_wrap=True, highlight=False)
    raise typer.Exit(BAD_INPUT)


@app.command("list")
def list_scenarios() -> None:
    """Show every scenario in a line, with its source."""
    width = max(len(name) for name in SCENARIOS)
    for scenario in SCENARIOS.values():
        out.print(
            f"[bold]{scenario.name:{width}}[/bold]  {escape(scenario.summary)}."
            f" Source: {escape(scenario.source)}.",
            highlight=False,
        )


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="name of a scenario, see walras list")],
    toml: Annotated[bool, typer.Option("--toml", help="print a file to edit and run")] = False,
) -> None:
    """Show a scenario's parameters: default, unit, allowed range, meaning."""
    scenario = _found(name)
    if toml:
        print(to_toml(scenario.name, scenario.parameters(), comments=True), end="")
        return
    out.print(f"[bold]{scenario.name}[/bold]: {scenario.summary}", highlight=False)
    out.print(escape(scenario.source), highlight=False)
    for item in declared(scenario.parameters):
        default = "not given" if item.default is None else json.dumps(item.default)
        unit = f" ({item.unit})" if item.unit else ""
        out.print(f"\n[bold]{item.name}[/bold] = {escape(default)}{unit}", highlight=False)
        out.print(f"    {escape(item.meaning)}", highlight=False)
        out.print(f"    allowed: {escape(item.allowed)}", highlight=False)


@app.command()
def run(
    what: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="a scenario, or a file")],
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    folder: Annotated[Path | None, typer.Option("--out", help="folder to export under")] = None,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="export no figures")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="print one JSON document; export only with --out")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress, only results")] = False,
) -> None:
    """Run a scenario, print its table and export the run (under runs/ unless --out is given)."""
    try:
        scenario, given = _asked(what)
        given |= dict(parse_assignment(text) for text in assignments or [])
        parameters = parse(scenario.parameters, given)
        if folder is None and not as_json:
            folder = Path("runs")
        if folder is not None:
            check_writable(folder)
        with told.status("", spinner="dots") if not quiet else _Silent() as status:
            finished = simulate(
                scenario,
                parameters,
                seed=seed,
                progress=lambda text: status.update(f"{scenario.name}: {text}"),
            )
            written = None
            if folder is not None:
                status.update("writing tables and figures" if not no_plots else "writing tables")
                written = finished.export(folder, plots=not no_plots)
    except ValueError as error:
        _refuse(error)
    if as_json:
        print(json.dumps(finished.to_json(), indent=2, allow_nan=False))
    else:
        _print_run(finished, written)
    if finished.outcome is not Outcome.CLEARED:
        told.print(
            f"[yellow]{finished.outcome}[/yellow]: {finished.outcome.advice}", soft_wrap=True
        )
        raise typer.Exit(NOT_CLEARED)


@app.command()
def serve(
    what: Annotated[str, typer.Argument(metavar="NAME|FILE.toml", help="a scenario, or a file")],
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as you like")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="seed of the random generator")] = 0,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="port to listen on")] = 8765,
) -> None:
    """Watch and steer a scenario in the browser, until Ctrl-C."""
    try:
        scenario, given = _asked(what)
        given |= dict(parse_assignment(text) for text in assignments or [])
        parse(scenario.parameters, given)
        if scenario.page is None:
            shown = ", ".join(each.name for each in SCENARIOS.values() if each.page is not None)
            raise ValueError(f"{scenario.name} has no page; scenarios with one: {shown}")
        check_servable(host, port)
    except ValueError as error:
        _refuse(error)
    with told.status(f"{scenario.name}: starting the page") as status:

        def ready(address: str) -> None:
            status.stop()
            out.print(f"{scenario.name} is at {address} (stop with Ctrl-C)", highlight=False)

        serve_page(Asked(scenario.name, given, seed), host, port, ready)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder of an exported run")],
) -> None:
    """Certify an exported run again from its files alone, and say whether they were altered."""
    try:
        found = verify_folder(folder, SCENARIOS)
    except ValueError as error:
        _refuse(error)
    for row, certificate in zip(found.dates.to_dict("records"), found.certificates, strict=True):
        out.print(f"[bold]{row['case']}, date {row['date']}[/bold]", highlight=False)
        _print_certificate(certificate)
    for sentence in found.unchecked:
        out.print(f"not rechecked: {sentence}", highlight=False)
    if found.altered:
        _refuse("files were altered: " + "; ".join(found.altered))
    out.print("files are as they were exported", highlight=False)
    if not found.certified:
        raise typer.Exit(NOT_CLEARED)


def main() -> None:
    """Entry point of the command."""
    app()


class _Silent:
    """A progress display that shows nothing."""

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *ended: object) -> None:
        return None

    def update(self, text: str) -> None:
        """Show nothing."""


def _found(name: str) -> Scenario:
    try:
        return find(name)
    except ValueError as error:
        _refuse(error)


def _asked(what: str) -> tuple[Scenario, dict[str, Any]]:
    """Scenario and given parameters of a name or of a file."""
    if what.endswith(".toml") or os.sep in what or Path(what).is_file():
        name, given = read_toml(Path(what))
        return find(name), given
    return find(what), {}


def _print_run(finished: Run, written: Path | None) -> None:
    """The table of dates, the certificate, and where the files are."""
    scenario = finished.scenario
    out.print(f"[bold]{scenario.name}[/bold]: {scenario.summary}", highlight=False)
    cases = finished.dates["case"].nunique() > 1
    table = Table(box=None, pad_edge=False)
    heads = [*(["case"] if cases else []), "date", *scenario.headline]
    for head in [*heads, "quote", "simulated", "closed form", "difference", "rounds", "certified"]:
        numeric = head in ("simulated", "closed form", "difference", "rounds")
        table.add_column(head.replace("_", " "), justify="right" if numeric else "left")
    count = len(finished.dates)
    for row in range(count):
        if count > DATES_SHOWN and DATES_SHOWN // 2 <= row < count - DATES_SHOWN // 2:
            if row == DATES_SHOWN // 2:
                table.add_row("...")
            continue
        line = finished.dates.iloc[row]
        theory = finished.closed_forms(row) or {}
        for place, (name, value) in enumerate(finished.quotes(row).items()):
            known = theory.get(name)
            first = place == 0
            table.add_row(
                *(_cell(line[head]) if first else "" for head in heads),
                escape(name),
                f"{value:.9f}",
                "" if known is None else f"{known:.9f}",
                "" if known is None else f"{value - known:+.1e}",
                str(line["rounds"]) if first else "",
                ("yes" if line["certified"] else "[red]no[/red]") if first else "",
            )
    Console(width=max(out.width, 132)).print(table)
    if finished.outcome is not Outcome.CLEARED:
        _print_certificate(finished.certificate)
    if scenario.report is not None:
        _print_report(scenario.report(finished))
    if scenario.caution:
        out.print(scenario.caution, highlight=False)
    if written is not None:
        out.print(f"written to {written}", highlight=False)


def _print_report(report: pd.DataFrame) -> None:
    table = Table(box=None, pad_edge=False)
    for head in report.columns:
        table.add_column(str(head).replace("_", " "))
    for values in report.itertuples(index=False):
        table.add_row(*(_cell(value) for value in values))
    Console(width=max(out.width, 132)).print()
    Console(width=max(out.width, 132)).print(table)


def _cell(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    return escape(str(value))


def _print_certificate(certificate: Any) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("condition", "residual", "tolerance", "holds", "checked"):
        table.add_column(head, justify="right" if head in ("residual", "tolerance") else "left")
    for condition in certificate.conditions:
        table.add_row(
            condition.name,
            f"{condition.residual:.1e}",
            f"{condition.tolerance:.0e}",
            "yes" if condition.holds else "[red]no[/red]",
            condition.checked,
        )
    Console(width=max(out.width, 100)).print(table)


if __name__ == "__main__":
    main()
