"""Loads the profile of the property tests."""

import tests.domain.profile  # noqa: F401
