"""A third of the fault matrix (`python -m benchmarks.faults`), a few seconds each, on one running copy.

HOMESTRETCH_TEST_DATABASE=postgres runs it on PostgreSQL. The whole matrix is in docs/running.md.
"""

import pytest

from benchmarks.faults.catalogue import CI, FAULTS, turn

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("number", sorted(CI, key=turn), ids=lambda number: f"{number}: {FAULTS[number].name}")
def test_nothing_is_lost_doubled_or_refused_and_all_settles(bench, number):
    result = bench.run(FAULTS[number])
    if result.skipped:
        pytest.skip(result.skipped)
    assert result.misses == []
