"""The command ``walras``."""

from __future__ import annotations

from typing import Annotated

import typer

from walras.commands import runs, scenarios, studies
from walras.commands.app import app
from walras.entry import entered

__all__ = ["app", "main", "runs", "scenarios", "studies"]


def _version(asked: bool) -> None:
    if asked:
        import walras

        print(f"walras {walras.__version__}")
        raise typer.Exit


@app.callback()
def entry(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="show the version")
    ] = False,
) -> None:
    """Markets with collateral, margins and default, in rounds until every market clears."""


def main() -> None:
    """Entry point of the command."""
    with entered():
        app()


if __name__ == "__main__":
    main()
