"""Scripts: the Lua that Redis runs for us, one file each, its KEYS and ARGV listed on top.

Flow: live -> **script** -> Redis. Mechanics only: no script knows a rule of presence.
"""

from importlib.resources import files


def source(name: str) -> str:
    """Return the text of `<name>.lua`."""
    return files(__name__).joinpath(f"{name}.lua").read_text()


NAMES = ("commit", "due", "extend", "heads", "load", "occupancy", "renew")
