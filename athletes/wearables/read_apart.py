"""`python -m athletes.wearables.read_apart`: one body, read in a process of its own. See `spools`."""

import json
import os
import resource
import sys
import threading
from contextlib import suppress

MOST_CPU_S = 600  # 150 MB of XML take 5 s
GENTLER = 5  # nice: advice and web go first


def end_with_parent() -> None:
    """The pipe from the worker closes when the worker dies, however it dies."""
    os.read(0, 1)
    os._exit(1)


def limit_own(most_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S + 5))
    with suppress(OSError):
        os.nice(GENTLER)


def main() -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()

    import django
    from django.conf import settings

    django.setup()
    limit_own(settings.INGEST_READER_BYTES)
    from athletes.wearables import spools

    print(json.dumps(spools.said_of(*sys.argv[1:])), flush=True)
    os._exit(0)  # a reader's memory need not be tidied up


if __name__ == "__main__":
    main()
