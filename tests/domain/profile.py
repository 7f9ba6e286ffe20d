"""Property tests of pure rules: as many examples as a second allows, and no deadline on a busy machine."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "rules",
    deadline=None,
    max_examples=60,
    # CI repeats the same examples, so that a failure there is the change's; elsewhere each run looks further.
    derandomize="CI" in os.environ,
    suppress_health_check=[*HealthCheck],
)
settings.load_profile("rules")
