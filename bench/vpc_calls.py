"""`python -m bench.vpc_calls STATE LOOPS`: VPCs of a local cloud by our client; prints the seconds as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path

from ctyun import Client

REGION = "华东1"


async def calls(state: Path, loops: int) -> float:
    """Seconds of `loops` times create, two reads and delete, one after the other."""
    async with Client.local(state) as client:
        region = (await client.regions.resolve(REGION)).id
        begin = 0.0
        for number in range(loops + 1):
            vpc = await client.vpcs.create(region, name=f"bench-{number}", cidr="10.9.0.0/16", client_token=uuid.uuid4().hex)
            await client.vpcs.get(region, vpc)
            await client.vpcs.get(region, vpc)
            await client.vpcs.delete(region, vpc)
            begin = begin or time.monotonic()  # the first round connects
        return time.monotonic() - begin


if __name__ == "__main__":
    print(json.dumps({"seconds": asyncio.run(calls(Path(sys.argv[1]), int(sys.argv[2])))}))
