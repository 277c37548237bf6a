from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class RecommendationsConfig(AppConfig):
    name = "recommendations"
    verbose_name = gettext_lazy("Recommendations")

    def ready(self) -> None:
        from recommendations import changes, checks, listening, metrics  # noqa: F401  checks register themselves
        from recommendations.push import checks as push_checks  # noqa: F401

        listening.connect()
        changes.connect()
        metrics.register()
