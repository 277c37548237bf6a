"""One row a provider: everything that names one follows from it."""

from pathlib import Path

from athletes.wearables import readers
from athletes.wearables.readers import READERS
from measures.hrv import BY_HAND
from measures.providers import NAMES, PROVIDERS, RANK, SEASON_LOG

NO_READERS = {"__init__", "apple_samples"}


def test_each_reader_belongs_to_the_provider_whose_row_names_it():
    for provider in PROVIDERS:
        for module in provider.readers:
            own = [r for r in READERS.values() if r.function.__module__ == f"athletes.wearables.readers.{module}"]
            assert provider.code in {reader.provider for reader in own}, module


def test_no_file_of_a_reader_is_without_a_row():
    files = {path.stem for path in Path(readers.__file__).parent.glob("*.py")} - NO_READERS
    assert files == {module for provider in PROVIDERS for module in provider.readers}


def test_what_was_typed_in_and_a_season_log_count_last():
    assert list(RANK)[-2:] == [BY_HAND, SEASON_LOG]
    assert list(RANK)[:-1] == list(NAMES)
    assert list(RANK.values()) == list(range(len(RANK)))
