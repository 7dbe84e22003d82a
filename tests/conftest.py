"""How long properties are tried: HYPOTHESIS_PROFILE=long in `make check-full`."""

import os

from hypothesis import settings

settings.register_profile("quick", deadline=None)
settings.register_profile("long", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
