"""`python -m plugins.language_python.dynamic ENGINE_ADDRESS`: the provider of dynamic resources, in the program's environment.

The SDK's own server, `pulumi.dynamic`, runs them: what a program has defined is sent to it as it is. The engine starts it without
the language host, in the program's folder, and passes the runtime's options on as variables.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from plugins.language_python.environment import EnvironmentProblem, PythonEnvironment

LAUNCH = Path(__file__).with_name("launch_dynamic.py")
LIFETIME = Path(__file__).parents[2] / "pulumi_ctyun" / "kit" / "lifetime.py"
OPTION = "PULUMI_RUNTIME_"


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: python -m plugins.language_python.dynamic ENGINE_ADDRESS   (the Pulumi engine starts it)")
    try:
        environment = PythonEnvironment.of(runtime_options(os.environ), Path.cwd())
    except EnvironmentProblem as problem:
        sys.exit(str(problem))
    python = str(environment.python)
    os.execve(python, [python, "-u", str(LAUNCH), str(LIFETIME), *sys.argv[1:]], environment.variables(os.environ))


def runtime_options(variables: Mapping[str, str]) -> dict[str, str]:
    """`runtime.options` of Pulumi.yaml: {"virtualenv": ".venv"}."""
    return {name.removeprefix(OPTION).lower(): value for name, value in variables.items() if name.startswith(OPTION)}


if __name__ == "__main__":
    main()
