"""What was acknowledged against what is in the rows and what came over the wire: the misses, in words."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from benchmarks.faults.load import Answered, Log, Phone
from tests.push_service import PushService

ACKNOWLEDGED = (200, 201)
Day = tuple[int, str]  # athlete, date


class Comparison:
    """`misses` is empty when every promise was kept."""

    def __init__(self, phones: list[Phone], log: Log, rows: dict[str, Any], service: PushService) -> None:
        self.phones, self.log, self.rows, self.service = phones, log, rows, service
        self.lost = self.doubled = self.wire_repeats = self.sent = 0
        self.misses: list[str] = []

    def miss(self, text: str) -> None:
        self.misses.append(text)

    def check_ins(self) -> None:
        stored: dict[Day, list[tuple[int, ...]]] = defaultdict(list)
        for row in self.rows["check_ins"]:
            stored[row["athlete"], row["date"]].append(tuple(row["said"]))
        sent: dict[Day, list[Answered]] = defaultdict(list)
        for answer in self.log.answers:
            sent[answer.athlete, answer.date].append(answer)
        for day, answers in sent.items():
            may_be = set(acceptable(answers))
            if any(answer.status in ACKNOWLEDGED for answer in answers) and not (set(stored[day]) & may_be):
                self.lost += 1
                self.miss(f"check-in lost of athlete {day[0]} on {day[1]}: {stored[day]} stored, {may_be} acknowledged")
            self.doubled += max(0, len(stored[day]) - 1)
        if strange := {day for day in stored if stored[day] and day not in sent}:
            self.doubled += len(strange)
            self.miss(f"rows that nobody sent: {sorted(strange)[:3]}")
        if self.doubled:
            self.miss(f"{self.doubled} check-ins doubled")

    def advice(self) -> None:
        fatigue = {(row["athlete"], row["date"]): row["said"][0] for row in self.rows["check_ins"]}
        advised: dict[Day, list[dict[str, Any]]] = defaultdict(list)
        for row in self.rows["advice"]:
            advised[row["athlete"], row["date"]].append(row)
        due = {
            (answer.athlete, answer.date)
            for answer in self.log.answers
            if answer.while_it_lasted and answer.status in ACKNOWLEDGED
        }
        for day in due:
            current = [row for row in advised[day] if row["current"]]
            if len(current) != 1:
                self.miss(f"athlete {day[0]} has {len(current)} current advices of {day[1]}")
                continue
            if current[0]["fatigue"] not in (None, fatigue.get(day)):
                self.miss(f"the advice of athlete {day[0]} knows fatigue {current[0]['fatigue']}, not {fatigue[day]}")
            if bool(current[0]["action"]) == bool(current[0]["withheld"]):
                self.miss(f"the advice of athlete {day[0]} has neither an action nor a reason")
        for day, revisions in advised.items():
            if [row["revision"] for row in revisions] != list(range(1, len(revisions) + 1)):
                self.miss(f"revisions of athlete {day[0]}: {[row['revision'] for row in revisions]}")
            if any(a["shown"] == b["shown"] for a, b in itertools.pairwise(revisions)):
                self.miss(f"athlete {day[0]} got the same advice twice in a row")

    def pushes(self, *, may_be_dead: bool) -> None:
        """At least once on the wire, once before the athlete's eyes (the phone shows an advice's id once)."""
        came: dict[str, Counter[str]] = defaultdict(Counter)
        revisions: dict[tuple[str, str, int], set[str]] = defaultdict(set)
        for received in list(self.service.received):
            message = received.message
            came[received.address][message["advice_id"]] += 1
            revisions[received.address, message["date"], message["revision"]].add(message["advice_id"])
        own = {phone.subscription.endpoint: phone.athlete for phone in self.phones if phone.subscription}
        pairs: Counter[tuple[str, str]] = Counter()
        announced: dict[str, set[str]] = defaultdict(set)
        told = set()
        for row in self.rows["deliveries"]:
            address, advice = row["device__address"], row["advice"]
            pairs[address, advice] += 1
            announced[address].add(advice)
            if row["state"] == "sent":
                self.sent += 1
                told.add(row["advice__athlete"])
                if not came[address][advice]:
                    self.miss(f"a delivery of athlete {row['advice__athlete']} is said to be sent and never came")
            elif row["state"] == "waiting" or not row["outcome"]:
                self.miss(f"a delivery is {row['state']} and says {row['outcome']!r}")
            elif row["state"] == "dead" and not may_be_dead:
                self.miss(f"a delivery is dead: {row['outcome']}")
        if twice := [pair for pair, number in pairs.items() if number > 1]:
            self.miss(f"{len(twice)} deliveries of one advice to one device")
        if own_twice := [key for key, ids in revisions.items() if key[0] in own and len(ids) > 1]:
            self.miss(f"{len(own_twice)} visible repeats: one revision under two ids")
        self.wire_repeats = sum(sum(came[address].values()) - len(came[address]) for address in own)
        for address, athlete in own.items():
            if unasked := set(came[address]) - announced[address]:
                self.miss(f"athlete {athlete} was pushed {len(unasked)} messages that no row knows")
            if announced[address] and athlete not in told and not may_be_dead:
                self.miss(f"athlete {athlete} was told nothing")
        if self.service.refused:
            self.miss(f"the push service refused {len(self.service.refused)}: {self.service.refused[0]}")


def acceptable(answers: Iterable[Answered]) -> Iterable[tuple[int, ...]]:
    """The last acknowledged of each sender; and whatever was not acknowledged, which may be stored now or later."""
    last: dict[str, tuple[int, ...]] = {}
    for answer in answers:
        if answer.status in ACKNOWLEDGED:
            last[answer.sender] = answer.said
        elif answer.status == 0 or answer.status >= 500:
            yield answer.said
    yield from last.values()
