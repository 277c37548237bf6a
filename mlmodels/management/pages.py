"""Tables that commands write into hand-written pages, between ``<!-- name -->`` and ``<!-- end of name -->``."""

from __future__ import annotations

from pathlib import Path


def replace_block(page: Path, name: str, text: str) -> None:
    """Raises ValueError when the page has no such pair of markers."""
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    whole = page.read_text(encoding="utf-8")
    before, found, rest = whole.partition(first)
    _, closed, after = rest.partition(last)
    if not found or not closed:
        raise ValueError(f"{page} has no {first} ... {last}")
    page.write_text(f"{before}{first}\n\n{text.strip()}\n\n{last}{after}", encoding="utf-8")
