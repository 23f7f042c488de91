"""`python -m plugins.random_provider ENGINE_ADDRESS`, started by the Pulumi engine."""

from __future__ import annotations

from plugins.kit.serve import serve
from plugins.random_provider.provider import VERSION, RandomProvider

serve(RandomProvider(), VERSION)
