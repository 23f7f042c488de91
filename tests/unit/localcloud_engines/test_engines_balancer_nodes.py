"""HAProxy processes that fail while they are being changed; no HAProxy runs here."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from localcloud.engines.interface.engines import BalancerNode, BalancerSpec, EngineError, Nic
from localcloud.engines.network.balancers import Balancers

NODE = BalancerNode("lb-1-1", "AZ1", Nic("n1", "lb-1-1", "02:00:00:00:00:01", "192.168.1.4", 24, "192.168.1.1"))


def balancers(state: Path) -> Balancers:
    return Balancers(cast(Any, SimpleNamespace(state=state)), cast(Any, None))


def test_files_that_cannot_be_written_are_a_failure_of_the_engine(tmp_path: Path) -> None:
    """As on a full disk: callers and the watch expect EngineError."""
    (tmp_path / "balancers").write_text("in the way")
    with pytest.raises(EngineError, match="the files of HAProxy of lb-1-1 cannot be written"):
        asyncio.run(balancers(tmp_path).apply(BalancerSpec("lb-1", "region", "vpc-1", (NODE,))))


@pytest.mark.parametrize("answer", ["", "1\\n# be_id be_name srv_id\\n4 tg-1.h"])
def test_a_process_that_dies_in_the_middle_of_an_answer_has_not_answered(tmp_path: Path, answer: str) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer.encode())
        writer.close()

    async def ask() -> None:
        async with await asyncio.start_unix_server(die, folder / "admin.sock"):
            assert await balancers(tmp_path).answering(["lb-1-1"]) == frozenset()
            with pytest.raises(EngineError, match="ended in the middle of an answer"):
                await balancers(tmp_path).target_health("lb-1-1")

    folder = tmp_path / "balancers" / "lb-1-1"
    folder.mkdir(parents=True)
    asyncio.run(ask())
