"""Makes `.venv` from the hashed lock, on a machine that has nothing but python3.

Flow: make -> **this** (system python, standard library only) -> uv, or pip -> .venv

Debian ships python3 without pip and without ensurepip, so the environment is made without pip and
the installer is fetched as a wheel, pinned by sha256: uv (12 s for everything, cold) where there is
one for this platform, else pip (35-90 s). Nothing happens when the lock has not changed.
"""
