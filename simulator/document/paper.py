"""A document as PDF, on A4."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import matplotlib as mpl
from fpdf import FPDF, FontFace
from fpdf.enums import Align, TableBordersLayout, VAlign, WrapMode
from fpdf.image_parsing import preload_image

from simulator import palette
from simulator.document.document import Block, Code, Document, Facts, Picture, Prose, Section, Table

MARGIN: Final = 18.0
"""Millimetres."""

TEXT, TABLE, CODE, NOTE = 9.5, 7.5, 7.5, 8.0
"""Font sizes, in points; headings are larger."""

HEADINGS: Final = (18.0, 13.0, 11.0, 10.0)
"""Font sizes of the title, of sections and of sections inside them, in points."""

LINE: Final = 1.4
"""Distance of two lines, in font sizes."""

POINT: Final = 25.4 / 72.0
"""Millimetres."""

WIDEST: Final = 40.0
"""Millimetres of a table's column, above which its text may be broken."""

LONGEST: Final = 1000
"""Characters of a cell, above which paper shows the beginning; a row must fit on a page."""

PADDING: Final = 1.2
"""Millimetres to the left and right of a cell."""

UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""PDF wants a time of writing; a fixed one keeps the bytes the same."""


def to_pdf(document: Document) -> bytes:
    """The document as PDF: same bytes for the same input, with an outline and text for figures."""
    paper = _Paper(document)
    paper.add_page()
    paper.heading(document.title, 0)
    if document.subtitle:
        paper.text_block(document.subtitle, TEXT, colour=palette.NEUTRAL[0])
    if document.summary:
        paper.text_block(document.summary, TEXT + 1.0)
    for section in document.sections:
        paper.show(section, 1)
    return bytes(paper.output())


class _Paper(FPDF):
    """Pages with their number at the foot."""

    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        for family, style, name in (
            ("sans", "", "DejaVuSans"),
            ("sans", "B", "DejaVuSans-Bold"),
            ("mono", "", "DejaVuSansMono"),
        ):
            self.add_font(family, style, fonts / f"{name}.ttf")
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN)
        self.c_margin = 0.0
        self.set_lang("en")
        self.set_title(document.title)
        self.set_creator("walras")
        self.set_creation_date(UNDATED)
        self.set_draw_color(palette.NEUTRAL[2])

    def footer(self) -> None:
        """The title and the number of the page."""
        self.set_y(-MARGIN + 4.0)
        self._ink("sans", NOTE, palette.NEUTRAL[0])
        self.cell(0.0, 4.0, f"{self.title}   {self.page_no()}", align=Align.R)

    def heading(self, text: str, level: int, below: float = 0.0) -> None:
        """A heading, on one page with so many millimetres below it; sections are in the outline."""
        size = HEADINGS[min(level, len(HEADINGS) - 1)]
        self.room_for(size * POINT * 5.0 + below)
        if level:
            self.ln(size * POINT * 0.7)
            self.start_section(text, level=level - 1)
        self.text_block(text, size, style="B")

    def room_for(self, height: float) -> None:
        """Begin a new page unless there is so much room left, in millimetres."""
        if self.will_page_break(height):
            self.add_page()

    def text_block(
        self, text: str, size: float, *, style: str = "", colour: str = palette.INK,
        family: str = "sans", wrap: WrapMode = WrapMode.WORD,
    ) -> None:  # fmt: skip
        """A paragraph across the page."""
        self._ink(family, size, colour, style)
        self.multi_cell(
            0.0, size * POINT * LINE, text, align=Align.L, wrapmode=wrap,
            new_x="LMARGIN", new_y="NEXT",
        )  # fmt: skip
        self.ln(size * POINT * 0.5)

    def show(self, block: Block, level: int) -> None:
        """A block; ``level`` is that of a section's heading."""
        match block:
            case Prose():
                for paragraph in block.paragraphs:
                    self.text_block(paragraph, TEXT)
            case Facts():
                self._facts(block)
            case Table():
                self._table(block)
            case Picture():
                self._picture(block)
            case Code():
                self.text_block(block.text, CODE, family="mono", wrap=WrapMode.CHAR)
            case Section():
                first = block.blocks[0] if block.blocks else None
                self.heading(
                    block.title, level, self._size(first)[1] if isinstance(first, Picture) else 0.0
                )
                for part in block.blocks:
                    self.show(part, level + 1)

    def _facts(self, facts: Facts) -> None:
        """Names, and values after them; long values go on below."""
        for name, value in facts.written:
            self._ink("sans", TEXT, palette.INK, "B")
            self.write(TEXT * POINT * LINE, f"{name}: ")
            self._ink("sans", TEXT, palette.INK)
            self.write(TEXT * POINT * LINE, value)
            self.ln(TEXT * POINT * LINE * 1.15)
        self.ln(TEXT * POINT * 0.5)

    def _table(self, table: Table) -> None:
        """Columns as wide as their cells, or as there is room; what is too wide goes on below."""
        rows, heads = table.rows, table.heads
        keys = [k for k, name in enumerate(table.frame.columns) if name in table.keys]
        wanted = [self._wanted(head, [row[k] for row in rows]) for k, head in enumerate(heads)]
        least = [min(width, WIDEST) for width in wanted]
        self.room_for(TABLE * POINT * LINE * 5.0)
        self.text_block(table.caption, NOTE, colour=palette.NEUTRAL[0])
        for columns in pieces(least, keys, self.epw):
            spare = self.epw - sum(least[k] for k in columns)
            more = sum(wanted[k] - least[k] for k in columns)
            share = min(1.0, max(0.0, spare) / more) if more else 0.0
            widths = [least[k] + share * (wanted[k] - least[k]) for k in columns]
            self._ink("sans", TABLE, palette.INK)
            with self.table(
                align=Align.L,
                borders_layout=TableBordersLayout.HORIZONTAL_LINES,
                col_widths=widths,
                width=min(sum(widths), self.epw),
                headings_style=FontFace(emphasis="B", fill_color=palette.NEUTRAL[3]),
                line_height=TABLE * POINT * LINE,
                padding=(0.6, PADDING),
                v_align=VAlign.T,
            ) as drawn:
                for row in (heads, *rows):
                    cells = drawn.row()
                    for k in columns:
                        cells.cell(_begun(row[k]), align=Align.R if table.numeric[k] else Align.L)
            self.ln(TEXT * POINT)

    def _wanted(self, head: str, cells: Sequence[str]) -> float:
        """Millimetres that a column needs to have each cell on one line."""
        self._ink("sans", TABLE, palette.INK, "B")
        wanted = self.get_string_width(head)
        self._ink("sans", TABLE, palette.INK)
        wanted = max([wanted, *(self.get_string_width(cell) for cell in cells)])
        return wanted + 2.0 * PADDING + 0.5

    def _size(self, picture: Picture) -> tuple[float, float]:
        """Width of a figure, at most that of the page, and height of it with its caption."""
        shape = preload_image(self.image_cache, io.BytesIO(picture.content))[2]
        caption = NOTE * POINT * LINE * 4.0
        highest = self.eph - caption - HEADINGS[1] * POINT * 5.0
        width = min(self.epw, highest * shape.width / shape.height)
        return width, width * shape.height / shape.width + caption

    def _picture(self, picture: Picture) -> None:
        """The figure as wide as the page and the caption below it, on one page."""
        width, height = self._size(picture)
        self.room_for(height)
        self.image(io.BytesIO(picture.content), w=width, alt_text=picture.alternative)
        self.ln(1.0)
        self.text_block(picture.caption, NOTE, colour=palette.NEUTRAL[0])

    def _ink(self, family: str, size: float, colour: str, style: str = "") -> None:
        self.set_font(family, style, size)
        self.set_text_color(colour)


def pieces(widths: Sequence[float], keys: Sequence[int], room: float) -> Iterator[list[int]]:
    """Columns of a table that stand side by side, piece by piece, each after the keys.

    Examples
    --------
    >>> list(pieces([20.0, 40.0, 40.0, 50.0], [0], 100.0))
    [[0, 1, 2], [0, 3]]
    """
    kept = list(keys)
    piece = list(kept)
    for k in range(len(widths)):
        if k in kept:
            continue
        if len(piece) > len(kept) and sum(widths[j] for j in piece) + widths[k] > room:
            yield piece
            piece = list(kept)
        piece.append(k)
    yield piece


def _begun(cell: str) -> str:
    """A cell, or its beginning if it is too long."""
    return cell if len(cell) <= LONGEST else f"{cell[:LONGEST]} …"
