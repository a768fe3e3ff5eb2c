"""A document as one HTML file that needs nothing else, and as a piece of a notebook."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from pathlib import Path
from string import Template
from typing import Final

import jinja2
from markupsafe import Markup

from simulator import palette
from simulator.document.document import Block, Document

COLOURS: Final = {
    "ink": palette.INK,
    "note": palette.NEUTRAL[0],
    "line": palette.NEUTRAL[2],
    "shade": palette.NEUTRAL[3],
    "link": palette.LONG,
}
"""Colours of the page; words and links stand out against white by 4.5 to 1 or more."""


def to_html(document: Document) -> str:
    """The document as one HTML file: style and figures are inside, everything else is escaped."""
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    ours = Markup(Template(style).substitute(COLOURS))  # noqa: S704 - nothing of a user's is in it
    return _page().render(document=document, style=ours)


def fragment(*blocks: Block) -> str:
    """Blocks as HTML without a page around them, for a notebook."""
    return _page().render(blocks=blocks)


@cache
def _page() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["base64"] = lambda content: b64encode(content).decode("ascii")
    return environment.get_template("page.html")
