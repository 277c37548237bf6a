"""Vendors' payloads as the API's own records. One file a vendor, its field table on top; all are pure functions."""

from importlib import import_module

from athletes.wearables.readings import Reader
from measures.providers import PROVIDERS

# In the order of the providers: `/ingest/{name}/`
READERS: dict[str, Reader] = {
    reader.name: reader
    for provider in PROVIDERS
    for module in provider.readers
    for reader in import_module(f"{__name__}.{module}").READERS
}
