"""Two invented squads, so that the first look at a new installation shows something."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone as clock

from athletes.models import User
from recommendations.demo import PASSWORD, address, load


class Command(BaseCommand):
    help = "Make the demo squads and their past, the first time only. Never with production settings."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError("the demo's password is public: it is loaded with HOMESTRETCH_MODE=embedded only")
        if User.objects.filter(email=address("alice")).exists():
            self.stdout.write("the demo squads are already there")
            return
        days = load(clock.now(), self.tell)
        self.stdout.write(
            f"two demo squads, {days} days of history; sign in as {address('alice')}, password {PASSWORD}"
        )

    def tell(self, progress: str) -> None:
        self.stdout.write(f"demo: {progress}")
        self.stdout.flush()
