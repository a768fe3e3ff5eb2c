"""A document written to files."""

from __future__ import annotations

from pathlib import Path

from simulator.document.document import Document
from simulator.document.paper import to_pdf
from simulator.document.web import to_html
from simulator.new_folder import new_files


def write(document: Document, folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``<name>.html`` and ``<name>.pdf`` to a folder, each complete; none if one fails.

    Returns
    -------
    tuple of pathlib.Path
        The HTML file and the PDF file.
    """
    with new_files(folder) as fresh:
        written = write_into(document, fresh, name)
    html, pdf = (folder / path.name for path in written)
    return html, pdf


def write_into(document: Document, folder: Path, name: str) -> tuple[Path, Path]:
    """Write both files to a folder that is itself written as a whole."""
    paths = folder / f"{name}.html", folder / f"{name}.pdf"
    for path in paths:
        path.write_bytes(_content(document, path.name))
    return paths


def write_one(document: Document, path: Path) -> None:
    """Write a file, complete or not at all: PDF if its name ends in ``.pdf``, HTML otherwise."""
    with new_files(path.parent) as fresh:
        (fresh / path.name).write_bytes(_content(document, path.name))


def _content(document: Document, name: str) -> bytes:
    return to_pdf(document) if name.endswith(".pdf") else to_html(document).encode()
