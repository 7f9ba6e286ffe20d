"""What `manage.py serve` does, with the small application: `python -m tests.serving.host COUNT PATIENCE`."""

import logging
import os
import sys

from presence.serving.listening import described, listen_on_port
from presence.serving.server import Serving
from presence.serving.supervisor import Role, Supervisor
from tests.serving.application import Shortcut, drain


def main(count, patience):
    logging.basicConfig(level="ERROR")
    listeners = listen_on_port(host="127.0.0.1", port=0, count=max(count, 1))
    serving = Serving(
        application="tests.serving.application:application",
        drain=drain,
        patience=patience,
        shortcut=Shortcut,
        trusted_proxies=os.environ.get("TRUSTED", ""),
    )
    print(described(listeners[0]), flush=True)
    if not count:
        return serving.run(listeners)
    roles = [
        Role(name=f"web {number}", run=lambda one=one: serving.run([one]))
        for number, one in enumerate(listeners)
    ]
    return Supervisor(roles, patience=patience + 2).run(
        on_stop=lambda: [one.close() for one in listeners]
    )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), float(sys.argv[2])))
