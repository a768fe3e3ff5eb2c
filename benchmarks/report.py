"""Tables of a report, printed and kept as Markdown and CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table as Printed

Cell = str | int | float


@dataclass
class Table:
    """One table: a title, what its columns mean, and rows of plain values."""

    name: str
    title: str
    columns: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def column(self, name: str) -> list[Cell]:
        """The values of one column."""
        place = list(self.columns).index(name)
        return [row[place] for row in self.rows]


def shown(cell: Cell) -> str:
    """Return a value as a reader wants it: three digits, whole numbers whole."""
    if isinstance(cell, float):
        return f"{cell:.0f}" if 1e3 <= abs(cell) < 1e7 else f"{cell:.3g}"
    return str(cell)


def show(tables: Sequence[Table], machine: dict[str, str], console: Console) -> None:
    """Print a report."""
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()))
    for table in tables:
        printed = Printed(title=table.title, title_justify="left", caption_justify="left")
        for number, name in enumerate(table.columns):
            printed.add_column(name, justify="left" if number == 0 else "right")
        for row in table.rows:
            printed.add_row(*(shown(cell) for cell in row))
        console.print(printed)
        for note in table.notes:
            console.print(f"  {note}")


def keep(
    tables: Sequence[Table],
    machine: dict[str, str],
    folder: Path,
    name: str = "repo_margins",
    heading: str = "# What a round costs",
) -> tuple[Path, Path]:
    """Write a report to ``folder``: Markdown to read, CSV (one value a line) to compare."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [heading, "", "Written by `make bench`, `make robustness` or `make reliability`.", ""]
    lines += ["| machine | |", "| --- | --- |"]
    lines += [f"| {key} | {value} |" for key, value in machine.items()]
    for table in tables:
        lines += ["", f"## {table.title}", ""]
        lines += ["| " + " | ".join(table.columns) + " |", "| " + " --- |" * len(table.columns)]
        lines += ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in table.rows]
        lines += ["", *(f"- {note}" for note in table.notes)] if table.notes else []
    text = folder / f"{name}.md"
    text.write_text("\n".join(lines) + "\n", encoding="utf-8")
    values = folder / f"{name}.csv"
    with values.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["table", "row", "column", "value"])
        for key, value in machine.items():
            writer.writerow(["machine", "", key, value])
        for table in tables:
            for number, row in enumerate(table.rows):
                for column, cell in zip(table.columns, row, strict=True):
                    writer.writerow([table.name, number, column, cell])
    return text, values
