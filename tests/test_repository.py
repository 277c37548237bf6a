"""The repository tests itself: what is written down twice agrees, and what a file names is there."""

import ast
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import django
import pytest
import yaml
from django.core.management import call_command, get_commands
from django.db.migrations.loader import MigrationLoader

from config import broker
from tests.no_network import NetworkReached

ROOT = Path(__file__).resolve().parent.parent
APPS = ["athletes", "mlmodels", "recommendations"]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listing.stdout.splitlines()]


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\]+)", (ROOT / lock).read_text(), re.MULTILINE))


def instructions(dockerfile: str) -> list[list[str]]:
    joined = (ROOT / dockerfile).read_text().replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in joined.splitlines() if line and not line.startswith("#")]


# --- versions ---------------------------------------------------------------------------------------------------------


def test_the_development_lock_holds_every_pin_of_the_serving_lock():
    serving, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert len(serving) > 50
    assert serving.items() <= development.items()


def test_every_dependency_is_locked():
    project = PYPROJECT["project"]
    wanted = project["dependencies"] + [each for extra in project["optional-dependencies"].values() for each in extra]
    names = {re.match(r"[A-Za-z0-9._-]+", each)[0].lower() for each in wanted}
    assert names <= set(pins("requirements-dev.lock"))


def test_serving_installs_neither_torch_nor_test_tools():
    assert not {"torch", "onnx", "pytest", "mypy"} & set(pins("requirements.lock"))


def test_the_version_is_the_changelog_s_newest_and_the_python_version_is_one():
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1]
    assert newest == PYPROJECT["project"]["version"]
    assert PYPROJECT["project"]["requires-python"] == ">=3.11"
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py311"
    assert {line for word, line in instructions("Dockerfile") if word == "FROM" and "slim" in line} == {
        "python:3.11-slim-bookworm AS build",
        "python:3.11-slim-bookworm AS base",
    }


def test_torch_and_uv_have_one_version_each():
    versions = {
        match
        for name in ("homestretch", "Dockerfile", "pyproject.toml")
        for match in re.findall(r"\b(torch==[\d.]+\d)", (ROOT / name).read_text())
    }
    assert versions == {"torch==2.13.0"}
    assert django.get_version().startswith("5.2.")


# --- what the container files call ------------------------------------------------------------------------------------


def test_what_the_dockerfile_copies_exists_and_every_package_is_copied():
    copied = [
        word for name, rest in instructions("Dockerfile") if name == "COPY" and "--from" not in rest
        for word in rest.split()[:-1]
    ]  # fmt: skip
    assert [word for word in copied if not (ROOT / word).exists()] == []
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not set(copied) & set(ignored)
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"} <= set(copied)


def compose() -> dict:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def commands_in_container_files() -> list[list[str]]:
    found = [yaml.safe_load(rest) for word, rest in instructions("Dockerfile") if word in ("CMD", "ENTRYPOINT")]
    found += [
        yaml.safe_load(rest.split("CMD", 1)[1]) for word, rest in instructions("Dockerfile") if word == "HEALTHCHECK"
    ]
    for name, service in compose()["services"].items():
        if name not in ("valkey", "postgres"):
            found.append(service.get("command"))
            kind, *rest = service.get("healthcheck", {}).get("test", ["CMD"])
            found.append(shlex.split(rest[0]) if kind == "CMD-SHELL" else rest)
    return [command for command in found if command]


@pytest.mark.parametrize("command", commands_in_container_files(), ids=" ".join)
def test_a_command_named_in_the_container_files_exists(command):
    program, *rest = command
    if program in get_commands():  # what follows the train image's ENTRYPOINT
        return
    assert program in {"python", "granian", "celery"}
    assert (Path(sys.executable).parent / program).exists()
    if program == "python" and rest[:1] == ["manage.py"] and rest[1:]:
        assert rest[1] in get_commands()
    if program == "python" and rest[:1] == ["-m"]:
        assert find_spec(rest[1])
    if program == "python" and rest[:1] == ["-c"]:
        ast.parse(rest[1])
    if program == "granian":
        options = subprocess.run([Path(sys.executable).parent / "granian", "--help"], capture_output=True, text=True)
        assert [word for word in rest if word.startswith("--") and word not in options.stdout] == []
    if program == "celery":
        assert rest[:2] == ["-A", "config.celery"]


def test_compose_runs_every_part_with_a_health_check_and_a_restart_policy():
    services = compose()["services"]
    assert set(services) == {"migrate", "web", "worker", "beat", "valkey", "postgres"}
    for name in set(services) - {"migrate"}:
        assert services[name]["restart"] == "unless-stopped"
        assert name == "web" or services[name]["healthcheck"]["test"]  # web: the image's own HEALTHCHECK
    for name in ("web", "worker", "beat"):  # /metrics adds up what they count there
        assert f"counters:{services[name]['environment']['PROMETHEUS_MULTIPROC_DIR']}" in services[name]["volumes"]
    assert services["valkey"]["command"][-2:] == ["--maxmemory-policy", "noeviction"]
    assert "--appendonly" in services["valkey"]["command"]


def test_runner_and_compose_work_off_the_same_queues():
    queues = set(re.search(r'"-Q", "([a-z,]+)"', (ROOT / "homestretch").read_text())[1].split(","))
    command = compose()["services"]["worker"]["command"]
    assert queues == set(command[command.index("-Q") + 1].split(","))
    routed = {route["queue"] for route in broker.CELERY_TASK_ROUTES.values()} | {broker.CELERY_TASK_DEFAULT_QUEUE}
    assert routed <= queues


def test_beat_rings_tasks_that_exist_on_queues_that_are_worked_off():
    from config.beat import app as beat
    from config.celery import app as worker

    assert beat.conf.beat_schedule == broker.CELERY_BEAT_SCHEDULE != {}
    assert beat.conf.task_routes == worker.conf.task_routes
    assert beat.conf.task_default_queue == worker.conf.task_default_queue
    assert beat.conf.broker_url == worker.conf.broker_url
    worker.loader.import_default_modules()
    assert {entry["task"] for entry in beat.conf.beat_schedule.values()} <= set(worker.tasks)


def test_every_variable_that_is_documented_is_read_and_the_other_way_round():
    code = "".join((ROOT / "config" / name).read_text() for name in ("broker.py", "settings.py"))
    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', code))
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "running.md").read_text(), re.MULTILINE))
    assert documented == read


def test_no_test_is_imported_by_another():
    for path in tracked("tests/*.py", "tests/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests"):
                named = [*node.module.split("."), *(name.name for name in node.names)]
                assert not any(name.startswith("test_") for name in named), f"{path.name}: {named}"


# --- migrations, OpenAPI ----------------------------------------------------------------------------------------------


def test_migrations_are_named():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    own = [name for app, name in loader.disk_migrations if app in APPS]
    assert own
    assert [name for name in own if "_auto_" in name] == []


WHAT_COLUMNS_ARE_MADE_OF = {
    "athletes.models", "mlmodels.state.layouts", "recommendations.fields", "storage.encryption", "storage.identifiers",
}  # fmt: skip


def test_migrations_are_reversible_and_import_no_code_of_the_apps():
    for path in tracked(*(f"{app}/migrations/0*.py" for app in APPS)):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if called in ("RunPython", "RunSQL"):
                assert len(node.args) + len(node.keywords) >= 2, f"{path.name}: {called} without a way back"
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in {*APPS, "rest", "storage"}:
                names = f"{node.module}: {[name.name for name in node.names]}"
                assert node.module in WHAT_COLUMNS_ARE_MADE_OF, f"{path.name} {names}"


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_openapi_description_is_current(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yaml"))
    current = (ROOT / "docs" / "api" / "openapi.yaml").read_text()
    assert (tmp_path / "openapi.yaml").read_text() == current, "run `make openapi`"


# --- texts ------------------------------------------------------------------------------------------------------------


def test_links_between_documents_lead_somewhere():
    dead = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in tracked("*.md")
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", path.read_text())
        if not (path.parent / target).exists()
    ]
    assert dead == []


def test_paths_named_in_the_readme_exist():
    named = re.findall(r"`([\w./-]+/[\w./-]*)`", (ROOT / "README.md").read_text())
    assert len(named) > 10
    assert [path for path in named if not path.startswith("/") and not (ROOT / path).exists()] == []


def test_decisions_are_numbered_and_say_context_decision_consequences():
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        headings = re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], path.name


def test_no_file_is_left_unfinished():
    left = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")  # this line is the only one that may say so
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked("*.py", "*.md", "homestretch", ".ci/*")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if left.search(line) and "may say so" not in line
    ]
    assert found == []


# --- the tests themselves ---------------------------------------------------------------------------------------------


def test_tests_reach_no_other_machine():
    with pytest.raises(NetworkReached):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(NetworkReached):
        socket.getaddrinfo("example.org", 443)
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
