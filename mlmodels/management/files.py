"""What commands say and refuse about files: none is written over unasked, and the last line says what to type next."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import CommandError


def may_overwrite(parser: ArgumentParser) -> None:
    parser.add_argument("--overwrite", action="store_true", help="write over files that are there already")


def refuse_to_overwrite(overwrite: bool, *files: Path) -> None:
    """CommandError where one of ``files`` exists and nobody said that it may go."""
    there = [str(file) for file in files if file.exists()]
    if there and not overwrite:
        raise CommandError(f"{', '.join(there)} exists. Nothing was written: choose another --out, or add --overwrite.")


def next_step(*words: object) -> str:
    """``next: ./homestretch manage ...``, to be copied as it stands."""
    return f"next: ./homestretch manage {shlex.join(str(word) for word in words)}"
