"""What commands write into pages that others write too, between ``<!-- name -->`` and ``<!-- end of name -->``."""

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


def put_block(page: Path, name: str, text: str) -> None:
    """Replaced where the page has it, else added at its end; a page that is not there yet is made."""
    whole = page.read_text(encoding="utf-8") if page.is_file() else ""
    if not block_of(page, name):
        gap = "\n\n" if whole else ""
        page.write_text(f"{whole.rstrip()}{gap}<!-- {name} -->\n<!-- end of {name} -->\n", encoding="utf-8")
    replace_block(page, name, text)


def block_of(page: Path, name: str) -> str:
    """The block with its markers, "" where there is none."""
    whole = page.read_text(encoding="utf-8") if page.is_file() else ""
    _, found, rest = whole.partition(f"<!-- {name} -->")
    text, closed, _ = rest.partition(f"<!-- end of {name} -->")
    return f"{found}{text}{closed}" if closed else ""
