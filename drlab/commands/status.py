"""`./lab status`."""

from __future__ import annotations

from drlab import overview
from drlab.commands.options import Json
from drlab.lab import Lab


def status(json: Json = False) -> None:
    """Show the local cloud, the stacks with their URLs, all servers with zone and power, and open faults.

    \b
    Examples:
      ./lab status
      ./lab status --json
    """
    lab = Lab.open(json=json)
    seen = overview.look(lab)
    if json:
        lab.out.document(overview.document(seen))
    else:
        overview.render(seen, lab.out)
