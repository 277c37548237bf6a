"""What each line of the guard table costs: one left out at a time, the same athletes, the same luck."""

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from measures.actions import Action
from measures.guards import Effect
from mlmodels.baselines.constant import PlanUnchanged
from mlmodels.baselines.rule import Rule
from mlmodels.deciding import guard
from mlmodels.evaluation.comparing import Contender, Round
from mlmodels.evaluation.guards.line_prices import LINES, NEVER, header, line_prices, steps, table_rows
from mlmodels.evaluation.left_out import all_but
from mlmodels.worlds.simulator import World

ROUNDS = [Round(1, 30, 38), Round(2, 30, 38)]

ILL = [line for line in LINES if line.code == "G02"]


class AlwaysVolume(Rule):
    name = "always more"

    def choose(self, obs):
        return np.full(len(obs), int(Action.INCREASE_VOLUME))


CONTENDERS = [Contender("guards alone", PlanUnchanged()), Contender("always more", AlwaysVolume())]


@pytest.fixture(scope="module")
def prices():
    ticks = []
    found = line_prices({"true": World}, CONTENDERS, ROUNDS, tick=lambda: ticks.append(1))
    assert len(ticks) == steps(1, len(CONTENDERS))
    return found


def of(prices, policy, code, effect):
    return [p for p in prices if p.policy == policy and p.line.code == code and p.line.effect == effect]


def test_every_line_that_takes_something_away_has_a_row_and_its_own_words(prices):
    assert [p.line for p in prices] == [*LINES, *LINES]
    named = [(line.code, line.effect, line.when) for line in guard.RULES]
    assert len(set(named)) == len(named)
    assert {line.effect for line in set(guard.RULES) - set(LINES)} == {Effect.RULE_POLICY}


def test_a_line_for_what_nobody_here_reports_never_fires_and_has_no_price(prices):
    silent = {"G01", "G03", "G05", "G10", "G13", "G16", "G18"}
    assert all((p.fires_pct, p.cost_pct) == (0, None) for p in prices if p.line.code in silent)
    shown = {row[0]: row[2:] for row in table_rows(prices, "always more")}
    assert shown["G01 a warning sign"] == (NEVER, "-")


def test_what_is_never_asked_for_costs_nothing_and_what_is_refused_does(prices):
    for price in of(prices, "guards alone", "G14", Effect.NO_INCREASE):
        assert price.fires_pct > 5
        assert (price.cost_pct.low, price.cost_pct.mean, price.cost_pct.high) == (0, 0, 0)
    (refused,) = of(prices, "always more", "G14", Effect.NO_INCREASE)
    assert refused.cost_pct.mean != 0
    assert refused.cost_pct.low <= refused.cost_pct.mean <= refused.cost_pct.high


def test_rest_of_the_ill_has_a_price_that_is_the_seasons_difference(prices):
    (rest,) = of(prices, "guards alone", "G02", Effect.REST)
    assert 0 < rest.fires_pct < 50
    assert rest.cost_pct.mean != 0


def test_the_prices_are_the_same_in_two_processes():
    one, two = (line_prices({"true": World}, CONTENDERS, ROUNDS, lines=ILL, processes=n) for n in (1, 2))
    assert one == two


def test_the_table_is_whole_again_after_a_line_was_left_out_and_after_an_error():
    complete = guard._TABLE
    with pytest.raises(RuntimeError), all_but(LINES[0]):
        assert len(guard._TABLE) == len(complete) - 1
        raise RuntimeError
    assert guard._TABLE is complete


def test_the_command_prints_a_table_for_the_guards_and_for_the_shipped_policy_and_writes_them(tmp_path, capsys):
    page = tmp_path / "adr.md"
    page.write_text("# Prices\n")
    call_command(
        "price_guards", world=["true"], guard=["G01", "G08"], cohorts=1, athletes=10, days=30, processes=1, write=page
    )
    said, written = capsys.readouterr().out, page.read_text()
    assert "guards alone" in said and "homestretch DQN" in said and NEVER in said
    assert written.startswith("# Prices\n")
    assert written.count("| " + " | ".join(header(["true"])) + " |") == 2
    assert "price_guards --world true --guard G01 --guard G08 --cohorts 1 --athletes 10 --days 30 --seed" in written
    with pytest.raises(CommandError, match="--days more than 28"):
        call_command("price_guards", days=28)
    with pytest.raises(CommandError, match="no guard G99; there are G01, "):
        call_command("price_guards", guard=["G99"])
