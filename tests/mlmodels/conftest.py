import pytest

from mlmodels.policies import registry


@pytest.fixture
def directories(tmp_path, settings, monkeypatch):
    """Empty places for shipped and own policies, and a process that has opened none."""
    settings.DATA_DIR = tmp_path / "data"
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    monkeypatch.setattr(registry, "ARTIFACTS", artifacts)
    monkeypatch.setattr(registry, "_loaded", None)
    registry.shipped.cache_clear()
    yield artifacts
    registry.shipped.cache_clear()


@pytest.fixture
def withdrawn(monkeypatch):
    """The list of policies that were taken back, empty at first."""
    recalls = {}
    monkeypatch.setattr(registry, "withdrawn", lambda: recalls)
    return recalls
