"""The client that TypeScript's tools make of docs/api/openapi.yaml: it compiles, strictly, and works."""

import shutil
import subprocess

import pytest

from tests.flows.conftest import PASSWORD, ROOT

pytestmark = pytest.mark.processes
EXAMPLE = ROOT / "examples/typescript"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the example beside a copy of the document, with what its lock file names."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs node and npm")
    copy = tmp_path_factory.mktemp("client") / "examples/typescript"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("node_modules", "build", "schema.ts"))
    document = copy.parents[1] / "docs/api/openapi.yaml"
    document.parent.mkdir(parents=True)
    shutil.copy(ROOT / "docs/api/openapi.yaml", document)
    installed = run(copy, "ci", "--no-audit", "--no-fund")
    if installed.returncode:
        pytest.skip(f"npm cannot install what the lock file names: {installed.stdout[-300:]}")
    return copy


def run(project, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["npm", *arguments], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=180
    )


def test_the_generated_client_compiles_and_talks_to_the_live_server(project, live):
    generated = run(project, "run", "generate")
    assert generated.returncode == 0, generated.stdout
    built = run(project, "run", "build")
    assert built.returncode == 0, built.stdout
    walked = run(project, "run", "smoke", "--", live.url, "alice@example.org", PASSWORD)
    assert walked.returncode == 0, walked.stdout
    assert "day 2026-10-10" in walked.stdout


def test_a_field_the_api_does_not_have_is_a_compilers_error(project):
    source = project / "smoke.ts"
    kept = source.read_text()
    assert run(project, "run", "generate").returncode == 0
    source.write_text(kept.replace("value_ms: 61.5", "value_s: 0.0615"))
    broken = run(project, "run", "build")
    source.write_text(kept)
    assert broken.returncode != 0
    assert "value_s" in broken.stdout
