"""Derive an advice again from what it kept, and say whether it comes out the same."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from recommendations.models import Advice


class Command(BaseCommand):
    help = "Derive an advice again from its stored observation and policy; exit 1 if anything differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="of the advice")

    def handle(self, *args: Any, **options: Any) -> None:
        from recommendations.advice.advising import differences

        try:
            advice = Advice.objects.get(pk=options["id"])
            found = differences(advice)
        except (Advice.DoesNotExist, ValidationError):
            raise CommandError("There is no such advice.") from None
        except LookupError as missing:
            raise CommandError(f"Cannot be replayed: {missing}.") from None
        if found:
            lines = [f"  {name}: was {was!r}, is {now!r}" for name, (was, now) in found.items()]
            raise CommandError("\n".join(["It does not come out the same.", *lines]))
        self.stdout.write(f"The same, bit for bit: {advice.action or 'withheld, ' + advice.withheld_reason}.")
