"""A document written to files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from simulator.document.document import Document
from simulator.document.paper import to_pdf
from simulator.document.web import to_html


def write(document: Document, folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``<name>.html`` and ``<name>.pdf`` to a folder, each complete or not at all.

    Returns
    -------
    tuple of pathlib.Path
        The HTML file and the PDF file.
    """
    html, pdf = folder / f"{name}.html", folder / f"{name}.pdf"
    write_one(document, html)
    write_one(document, pdf)
    return html, pdf


def write_one(document: Document, path: Path) -> None:
    """Write a file, complete or not at all: PDF if its name ends in ``.pdf``, HTML otherwise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = to_pdf(document) if path.suffix == ".pdf" else to_html(document).encode()
    with tempfile.TemporaryDirectory(prefix=".walras-", dir=path.parent) as temporary:
        fresh = Path(temporary) / path.name
        fresh.write_bytes(content)
        fresh.replace(path)
