"""Where features come from, as the settings declare it."""

from alerting.lineage import FeatureView, Lineage
from service.settings import Settings


def lineage(settings: Settings) -> Lineage:
    """Give the views that the settings declare."""
    declared = settings.lineage
    views = tuple(FeatureView(view.name, view.features, view.models, view.source) for view in declared.views)
    return Lineage(views, declared.together_min, declared.wait_seconds)
