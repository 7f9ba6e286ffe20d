#!/usr/bin/env python
"""Django's command line for this host."""

import os
import sys


def main() -> None:
    """Run one management command; an incomplete environment is said in plain lines, without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "presence_project.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
