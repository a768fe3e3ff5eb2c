"""What a document consists of, whatever kind of file it becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from markets.refused import Refused
from simulator.palette import PRINT_DOTS_PER_INCH, file_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Prose:
    """Plain text; an empty line begins a new paragraph. Addresses become links in HTML."""

    text: str

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The paragraphs, each on one line."""
        parts = (" ".join(part.split()) for part in self.text.split("\n\n"))
        return tuple(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and their values, in order; numbers are written as in a table."""

    pairs: Mapping[str, object]

    @property
    def written(self) -> tuple[tuple[str, str], ...]:
        """Names and values as text."""
        return tuple((name, as_text(value)) for name, value in self.pairs.items())


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    frame : pandas.DataFrame
        Cells; the index is not shown. Underscores in column names are shown as spaces.
    caption : str
        What the table shows.
    keys : sequence of str
        Columns that name a row. A table too wide for paper goes on below with these repeated.
    """

    frame: pd.DataFrame
    caption: str
    keys: Sequence[str] = ()

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """Column names as shown."""
        return tuple(str(name).replace("_", " ") for name in self.frame.columns)

    @cached_property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """Cells as text."""
        columns = (self.frame[name].tolist() for name in self.frame.columns)
        return tuple(zip(*(map(as_text, column) for column in columns), strict=True))

    @cached_property
    def numeric(self) -> tuple[bool, ...]:
        """Whether a column holds numbers, which are set flush right."""
        kinds = (self.frame[name] for name in self.frame.columns)
        return tuple(is_numeric_dtype(kind) and not is_bool_dtype(kind) for kind in kinds)


@dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes
    ----------
    figure : matplotlib.figure.Figure or pathlib.Path
        The figure, or the PNG file that it was saved to.
    caption : str
        What the figure shows, printed below it.
    alternative : str
        What a reader who can't see the figure is told instead.

    Raises
    ------
    Refused
        If the file does not end in ``.png``, which both a browser and a PDF can show.
    """

    figure: Figure | Path
    caption: str
    alternative: str

    def __post_init__(self) -> None:
        if isinstance(self.figure, Path) and self.figure.suffix != ".png":
            raise Refused(f"figure is {self.figure}; a document shows files that end in .png")

    @cached_property
    def content(self) -> bytes:
        """The figure as a PNG file."""
        if isinstance(self.figure, Path):
            return self.figure.read_bytes()
        return file_of(self.figure, "png", PRINT_DOTS_PER_INCH)


@dataclass(frozen=True, slots=True)
class Code:
    """Text that is shown as it stands: a command, a file."""

    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it, sections included."""

    title: str
    blocks: Sequence[Block]


Block = Prose | Facts | Table | Picture | Code | Section


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Attributes
    ----------
    title, subtitle : str
        On top of the first page.
    summary : str
        What it says, in a paragraph.
    sections : sequence of Section
        The document itself.
    """

    title: str
    subtitle: str
    summary: str
    sections: Sequence[Section]


def as_text(value: object) -> str:
    """A value as it is written in a table: six significant digits, yes and no, empty for none.

    Examples
    --------
    >>> [as_text(value) for value in (0.78901234, True, float("nan"), None, 12000, [0.1, "a"])]
    ['0.789012', 'yes', '', '', '12000', '0.1, a']
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value + 0.0:.6g}"  # no minus before zero
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value))
    return "" if value is None or value is pd.NA or value is pd.NaT else str(value)


def as_sentence(text: str) -> str:
    """Text with a capital, and a full stop unless it ends in a mark.

    Examples
    --------
    >>> as_sentence("nobody overspends"), as_sentence("does the price fall or rise?")
    ('Nobody overspends.', 'Does the price fall or rise?')
    """
    text = text.strip()
    ended = text if text.endswith((".", "?", "!")) else f"{text}."
    return ended[:1].upper() + ended[1:]
