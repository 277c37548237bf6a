from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    name = "recommendations"

    def ready(self) -> None:
        from recommendations import listening, metrics
        from recommendations.push import checks  # noqa: F401  registers the system checks

        listening.connect()
        metrics.register()
