from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class RecommendationsConfig(AppConfig):
    name = "recommendations"
    verbose_name = gettext_lazy("Recommendations")

    def ready(self) -> None:
        from recommendations import checks  # noqa: F401  checks register themselves
        from recommendations.advice import changes
        from recommendations.monitoring import metrics
        from recommendations.push import checks as push_checks  # noqa: F401
        from recommendations.queue import listening

        listening.connect()
        changes.connect()
        metrics.register()
