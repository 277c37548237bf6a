from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from mlmodels.management.pages import replace_block


class Command(BaseCommand):
    help = "Figures of the worlds that judge policies beside those of real people and of the literature."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--world", action="append", help="a built-in world or FILE.py:Class (all built-in ones)")
        parser.add_argument("--real", type=Path, help="folder with lifesnaps/, pmdata/, soccermon/, track400/")
        parser.add_argument("--write", type=Path, help="put the table into this page, between its markers")

    def handle(self, *args: Any, **options: Any) -> None:
        from mlmodels.evaluation.figures import figures_of_people, figures_of_world, programmes_of_world, table_rows
        from mlmodels.evaluation.real_people import present
        from mlmodels.evaluation.report import aligned, markdown_table
        from mlmodels.evaluation.rollouts import world_from
        from mlmodels.worlds import WORLDS

        try:
            made = {name: world_from(name) for name in options["world"] or WORLDS}
            worlds = {name: figures_of_world(make) | programmes_of_world(make) for name, make in made.items()}
        except ValueError as error:
            raise CommandError(str(error)) from error
        people = figures_of_people(options["real"]) if present(options["real"]) else {}
        header = ("figure", *worlds, "real people", "literature")
        rows = table_rows(worlds, people)
        self.stdout.write(aligned(header, rows))
        if not people:
            self.stdout.write("\nno real recordings: give --real DIR with lifesnaps/, pmdata/, soccermon/ or track400/")
        if options["write"]:
            replace_block(options["write"], "check_worlds", markdown_table(header, rows))
