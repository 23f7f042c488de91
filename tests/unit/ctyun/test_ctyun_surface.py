"""What the package offers is exactly what it says it offers."""

from __future__ import annotations

from types import ModuleType

import ctyun
from ctyun import Client


def test_all_is_what_can_be_imported() -> None:
    public = {name for name, value in vars(ctyun).items() if not name.startswith("_") and not isinstance(value, ModuleType)}
    assert public - {"annotations"} == set(ctyun.__all__)
    assert len(ctyun.__all__) == len(set(ctyun.__all__))


def test_the_docstring_names_every_service() -> None:
    services = set(vars(Client(ctyun.Endpoints.at("http://x"), ctyun.Credentials("a" * 32, "b" * 32))))
    services -= {"endpoints", "credentials", "transport"}
    assert ctyun.__doc__ is not None
    assert [name for name in sorted(services) if name not in ctyun.__doc__] == []
