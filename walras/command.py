"""The command ``walras``."""

from __future__ import annotations

from typing import Annotated

import typer

from walras.commands import runs, scenarios, studies
from walras.commands.app import app

__all__ = ["app", "runs", "scenarios", "studies"]


def _version(asked: bool) -> None:
    if asked:
        import walras

        print(f"walras {walras.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def entry(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Markets with collateral, margins and default, in rounds until every market clears."""
    if context.invoked_subcommand is None:
        print(context.get_help())
