"""Vendors' payloads as the API's own records. One file a vendor, its field table on top; all are pure functions."""

from importlib import import_module

from athletes.wearables.readings import (
    Field,
    Finding,
    Reader,
    Reading,
    ReadingProfile,
    ReadResult,
    Tally,
    Unreadable,
)
from measures.providers import PROVIDERS

__all__ = ["READERS", "Field", "Finding", "ReadResult", "Reader", "Reading", "ReadingProfile", "Tally", "Unreadable"]

# In the order of the providers: `/ingest/{name}/`
READERS: dict[str, Reader] = {
    reader.name: reader
    for provider in PROVIDERS
    for module in provider.readers
    for reader in import_module(f"athletes.wearables.{module}").READERS
}
