"""Who may import whom: the table of the architecture, held against the code's own import statements."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Package prefix -> prefixes of this project that it may import besides itself. The longest matching prefix counts.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "__main__": ("stacks",),
    "stacks": ("components", "pulumi_ctyun.resources"),
    "components": ("pulumi_ctyun.resources",),
    "pulumi_ctyun.resources": (),
    "pulumi_ctyun.provider": ("ctyun", "pulumi_ctyun.kit", "pulumi_ctyun.resources"),
    "ctyun": (),
    "pulumi_ctyun.kit": (),
    "plugins.language_python": ("pulumi_ctyun.kit",),
    "plugins.random_provider": ("pulumi_ctyun.kit",),
    "drlab": ("ctyun", "stacks.names", "stacks.sizes", "pulumi_ctyun.resources.declarations"),
    "localcloud": (),
    "localcloud.services": ("localcloud.api", "localcloud.controllers", "localcloud.records", "localcloud.engines.interface"),
    "localcloud.api": ("localcloud.controllers", "localcloud.records"),
    "localcloud.controllers": ("localcloud.records", "localcloud.engines.interface"),
    "localcloud.records": (),
    "localcloud.engines": ("localcloud.agent.client",),
    "localcloud.engines.interface": (),
    "localcloud.agent": (),
}
OURS = ("stacks", "components", "pulumi_ctyun", "ctyun", "plugins", "drlab", "localcloud")


def modules() -> Iterator[tuple[str, Path]]:
    yield "__main__", ROOT / "__main__.py"
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield dotted.removesuffix(".__init__"), path


def imports(path: Path, module: str) -> Iterator[str]:
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])


def is_within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def rule_for(module: str) -> str | None:
    return max((rule for rule in MAY_IMPORT if is_within(module, rule)), key=len, default=None)


def broken_rules(module: str, path: Path) -> Iterator[str]:
    """What a module imports of this project that its row of the table does not name."""
    rule = rule_for(module)
    allowed = (rule, *MAY_IMPORT[rule]) if rule else ()
    for name in imports(path, module):
        if name.partition(".")[0] in OURS and not any(is_within(name, prefix) for prefix in allowed):
            yield f"{module} imports {name}; " + (f"{rule} may import {allowed}" if rule else "the table has no row for it")


def test_imports_follow_the_table() -> None:
    assert [problem for module, path in modules() for problem in broken_rules(module, path)] == []


def test_only_the_agent_imports_pyroute2() -> None:
    offenders = [
        module
        for module, path in modules()
        if not is_within(module, "localcloud.agent") and any(is_within(name, "pyroute2") for name in imports(path, module))
    ]
    assert offenders == []


@pytest.mark.parametrize("folder", ["docker", "k8s"])
def test_folders_that_would_hide_a_library_are_no_packages(folder: str) -> None:
    assert not list((ROOT / folder).rglob("__init__.py"))
