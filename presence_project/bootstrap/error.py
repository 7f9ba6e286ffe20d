"""What goes wrong while the environment is made, and is for a person to put right."""


class BootstrapError(Exception):
    """Something a person must put right, said in one line."""
