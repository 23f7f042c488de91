"""The plain tools by which the tests judge: what a lab left on the machine, what a visitor sees."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from drlab.errors import UserError
from drlab.setup.children import Children
from drlab.setup.docker_engine import apt_install
from drlab.setup.steps import Step, Tell

PACKAGES = {"nft": "nftables", "ip": "iproute2", "ss": "iproute2", "ps": "procps", "curl": "curl", "ssh": "openssh-client"}


def test_tools_step(children: Children) -> Step:
    """Debian's packages with what is missing of them. Raises UserError where nothing may be installed."""

    def missing() -> str | None:
        packages = missing_packages()
        return f"installing {', '.join(packages)}, by which the tests look at the machine" if packages else None

    def provide(tell: Tell) -> str:
        packages = missing_packages()
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise UserError(f"The tests need {', '.join(packages)}.", f"sudo apt-get install {' '.join(packages)}")
        apt_install(children, tuple(packages), tell)
        return f"{', '.join(packages)} installed"

    return Step("test tools", missing, provide)


def missing_packages() -> Sequence[str]:
    return sorted({package for tool, package in PACKAGES.items() if shutil.which(tool) is None})
