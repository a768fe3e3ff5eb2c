"""One document, written as HTML and as PDF."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from markets.refused import Refused
from simulator.document.document import Block, Code, Document, Facts, Picture, Prose, Section, Table
from simulator.document.files import write
from simulator.document.paper import to_pdf
from simulator.document.web import fragment, to_html

EVIL = "<script>alert('&amp;')</script>"


def rising() -> Figure:
    figure = Figure(figsize=(4.0, 2.0))
    figure.subplots().plot([1.0, 2.0])
    return figure


def document() -> Document:
    wide = pd.DataFrame(
        {"case": ["short"], EVIL: [EVIL], **{f"number_{k}": [1.0 / (k + 3)] for k in range(12)}}
    )
    blocks: list[Block] = [
        Prose("First, ψ ≤ 0.\nSame paragraph.\n\nSecond: https://example.org/a?b=1."),
        Facts({"haircuts": [0.01, 0.03], EVIL: EVIL, "certified": True}),
        Table(wide, f"Caption {EVIL}", keys=("case",)),
        Picture(rising(), f"Below {EVIL}", 'A "rising" line'),
        Code(f"walras run\n  {EVIL}"),
    ]
    inner = Section("Inside", [Prose("Deeper.")])
    sections = [Section(EVIL, [*blocks, inner]), Section("Two", []), Section("Three", [])]
    return Document(f"Title {EVIL}", "subtitle", "What it says.", sections)


class Seen(HTMLParser):
    """Tags, and the text between them, of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_page_needs_nothing_else_and_escapes_everything() -> None:
    seen = Seen(to_html(document()))
    assert not seen.named("script")
    assert not seen.named("link")
    assert [picture["alt"] for picture in seen.named("img")] == ['A "rising" line']
    assert all(str(picture["src"]).startswith("data:image/png;") for picture in seen.named("img"))
    links = [str(link["href"]) for link in seen.named("a")]
    assert links == ["#section-1", "#section-2", "#section-3", "https://example.org/a?b=1"]
    text = "".join(seen.words)
    for piece in (f"Title {EVIL}", f"Caption {EVIL}", f"Below {EVIL}", f"walras run\n  {EVIL}"):
        assert piece in text
    assert "0.01, 0.03" in text
    assert "number 11" in text


def test_headings_go_down_one_by_one_and_a_phone_can_read_the_page() -> None:
    seen = Seen(to_html(document()))
    assert [tag for tag, _ in seen.tags if re.fullmatch(r"h\d", tag)] == [
        "h1",
        "h2",
        "h3",
        "h2",
        "h2",
    ]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in seen.named(
        "meta"
    )
    assert seen.named("html") == [{"lang": "en"}]
    assert all(head["scope"] == "col" for head in seen.named("th"))


def test_the_same_document_has_the_same_bytes() -> None:
    assert to_html(document()) == to_html(document())
    assert to_pdf(document()) == to_pdf(document())


def test_a_notebook_shows_blocks_without_a_page_around_them() -> None:
    shown = fragment(Prose(EVIL), Facts({"seed": 7}))
    assert "<html" not in shown
    assert "&lt;script&gt;" in shown
    assert "<dt>seed</dt><dd>7</dd>" in shown


def test_figures_are_png_and_both_files_are_written(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match=r"figure is a\.svg; a document shows files that end in \.png"
    ):
        Picture(Path("a.svg"), "", "")
    html, pdf = write(document(), tmp_path / "new", "report")
    assert html.read_text(encoding="utf-8") == to_html(document())
    assert pdf.read_bytes() == to_pdf(document())
    assert len(list((tmp_path / "new").iterdir())) == 2
