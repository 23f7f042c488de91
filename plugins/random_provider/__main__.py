"""`python -m plugins.random_provider ENGINE_ADDRESS`, started by the Pulumi engine."""

from __future__ import annotations

from plugins.random_provider.provider import VERSION, RandomProvider
from pulumi_ctyun.kit.serve import serve

serve(RandomProvider(), VERSION)
