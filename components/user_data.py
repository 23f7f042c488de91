"""User data for cloud-init, from the template beside this file."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

TEMPLATE = Template(Path(__file__).with_name("cloud-config.yaml").read_text(encoding="utf-8"))
NOTHING = "#!/bin/sh\n"  # a server that needs no set-up of its own


def cloud_config(private_key: str, public_key: str, script: str = NOTHING) -> str:
    """Cloud-config text with a host key for the first contact and a script that runs once, as root.

    A JSON string is a YAML string, whatever it holds: no text can break out of its line.
    """
    values = {"private_key": private_key, "public_key": public_key, "script": script}
    return TEMPLATE.substitute({key: json.dumps(value) for key, value in values.items()})
