"""Property tests of pure rules: as many examples as a second allows, and no deadline on a busy machine."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "rules", deadline=None, max_examples=60, suppress_health_check=[*HealthCheck]
)
settings.load_profile("rules")
