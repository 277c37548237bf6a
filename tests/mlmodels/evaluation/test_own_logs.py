"""The same recipe on several squads' logs: the spread is shown, and a log that carries no twin is named."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command

pytest.importorskip("torch", reason="training needs the train extra")

from mlmodels.evaluation import logs
from mlmodels.evaluation.comparing import rounds_of
from mlmodels.evaluation.logs import Spread, section, spread, table_rows
from mlmodels.twin.fitting import TooLittleData

ROUNDS = rounds_of(5, 1, 6, 60)


def test_two_logs_make_two_policies_that_are_played_in_every_row():
    told = []
    found = spread(6, (1, 2), ROUNDS, ("true", "four sessions"), effort=0.02, tick=lambda: told.append(1))
    assert found.gain_pct.shape == (2, 2)
    assert np.isfinite(found.gain_pct).all()
    assert len(told) == 4
    assert (found.seeds, found.refused) == ((1, 2), ())


def test_a_log_that_carries_no_twin_is_named_and_the_others_are_played(monkeypatch):
    real = logs.learned_from

    def fragile(squad, seed, **how):
        if seed == 1:
            raise TooLittleData("too short")
        return real(squad, seed, **how)

    monkeypatch.setattr(logs, "learned_from", fragile)
    found = spread(6, (1, 2), ROUNDS, ("true",), effort=0.02)
    assert (found.seeds, found.refused, found.gain_pct.shape) == ((2,), (1,), (1, 1))
    assert "No twin could be fitted to the logs 1: too little data." in section([found], ["how"], ("true",))


def test_the_table_shows_mean_and_spread():
    gains = np.array([[0.1, -0.2], [0.3, 0.0], [0.2, 0.2]])
    rows = table_rows(Spread(25, (1, 2, 3), gains, ()), ("true", "other"))
    assert rows == [
        ("true", "+0.200", "0.100", "+0.100", "+0.300", "+0.10 +0.30 +0.20"),
        ("other", "+0.000", "0.200", "-0.200", "+0.200", "-0.20 +0.00 +0.20"),
    ]


def test_nobody_is_trained_for_nothing():
    with pytest.raises(CommandError, match="are at least 1"):
        call_command("compare_logs", logs=0)
