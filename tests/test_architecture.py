"""Which package may import which. The rules themselves are the contracts in pyproject.toml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["config", "recommendations", "athletes", "mlmodels", "rest", "storage", "measures"]
BAD_NAMES = {"utils", "helpers", "common", "core", "base", "services", "managers", "constants"}


def lint_imports(where: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    wide = os.environ | {"COLUMNS": "400"}  # a contract's name and its verdict on one line
    return subprocess.run(command, cwd=where, env=wide, capture_output=True, text=True, timeout=120)


def test_imports_point_one_way():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("athletes/days/resolving.py", "import recommendations.models", "config names the apps"),
        ("athletes/days/resolving.py", "from mlmodels import guard", "config names the apps"),
        ("mlmodels/deciding/guard.py", "import athletes.models", "config names the apps"),
        ("recommendations/advice/advising.py", "import config.settings", "config names the apps"),
        ("rest/problems.py", "import athletes.models", "config names the apps"),
        ("storage/valkey.py", "import rest.problems", "config names the apps"),
        ("mlmodels/deciding/guard.py", "import storage.valkey", "the science is plain Python"),
        ("athletes/models/days.py", "import athletes.days.resolving", "no room leads back to itself"),
        ("mlmodels/state/tracker.py", "import mlmodels.deciding.guard", "no room leads back to itself"),
        ("mlmodels/state/signals.py", "import mlmodels.state.load", "the tracker is made of parts"),
        ("recommendations/words/wording.py", "import recommendations.advice.drafting", "no room leads back to itself"),
        ("athletes/reports/intake.py", "import athletes.views.records", "doors open outwards"),
        ("athletes/wearables/readers/oura.py", "import athletes.models", "readers of vendors' payloads know no row"),
        ("measures/risk.py", "import mlmodels.deciding.guard", "config names the apps"),
        ("measures/wellness.py", "import numpy", "what everybody shares needs the standard library alone"),
        ("mlmodels/policies/policy.py", "import torch", "torch is imported in mlmodels.training alone"),
        (
            "recommendations/views/advice.py",
            "def view():\n    import torch",
            "torch is imported in mlmodels.training alone",
        ),
        ("mlmodels/deciding/decision.py", "from django.conf import settings", "the science is plain Python"),
        (
            "mlmodels/state/tracker.py",
            "import mlmodels.policies.registry",
            "the science does not lean on its own Django shell",
        ),
        (
            "mlmodels/training/dqn.py",
            "import mlmodels.worlds.simulator",
            "what trains the policy never sees the worlds",
        ),
        ("mlmodels/twin/fitting.py", "import mlmodels.worlds.delayed", "what trains the policy never sees the worlds"),
        (
            "mlmodels/state/tracker.py",
            "import mlmodels.worlds.simulator",
            "what trains the policy never sees the worlds",
        ),
        (
            "recommendations/advice/advising.py",
            "import mlmodels.training.export",
            "what serves does not know the trainer",
        ),
    ],
)
def test_a_forbidden_import_is_noticed(tmp_path, file, line, contract):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("artifacts", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a") as source:
        source.write(f"\n\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    broken = [report for report in result.stdout.splitlines() if " BROKEN" in report]
    assert any(report.startswith(contract) for report in broken), result.stdout


def test_the_web_process_loads_no_library_of_the_science():
    program = """
import sys
import config.serve
from django.urls import get_resolver
from django.contrib import admin
def walk(resolver):
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            walk(pattern)
        else:
            pattern.callback
walk(get_resolver())
admin.autodiscover()
science = {"torch", "numpy", "pandas", "onnxruntime", "openpyxl", "pyarrow", "matplotlib", "scipy"}
print(*sorted(science & set(sys.modules)))
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert (result.returncode, result.stdout) == (0, "\n"), result.stderr


def test_modules_are_named_after_what_they_know():
    named_after_a_pattern = [
        str(path.relative_to(ROOT))
        for package in [*PACKAGES, "benchmarks", "tests"]
        for path in (ROOT / package).rglob("*")
        if path.stem in BAD_NAMES and (path.is_dir() or path.suffix == ".py")
    ]
    assert named_after_a_pattern == []
