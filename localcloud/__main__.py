"""`python -m localcloud serve|images|scan`: the local cloud's process, and two questions that need no running one."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run; the exit status."""
    options = _parser().parse_args(arguments)
    if options.command == "images":  # each command imports only what it needs: every `./lab up` asks this one
        return _images(options.json, ask=not options.no_docker)
    from localcloud.state import default_folder

    if options.command == "serve":
        from localcloud.serve import serve

        return serve(options.state or default_folder(), options.port, options.tls, options.foreign_keys)
    return _scan(options.state or default_folder(), options.json)


def _images(as_json: bool, ask: bool) -> int:
    """The images that the cloud runs on, in build order. Needs no Docker: what Docker does not tell counts as missing."""
    import asyncio

    from localcloud.engines.images import catalogue
    from localcloud.engines.interface.engines import EngineError

    try:
        images = catalogue()
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    present = asyncio.run(_present([image.ref for image in images])) if ask else set[str]()
    rows = [
        {
            "name": image.name, "ref": image.ref, "context": str(image.context), "dockerfile": str(image.dockerfile),
            "base": image.base, "present": image.ref in present,
        }
        for image in images
    ]  # fmt: skip
    _print(rows, as_json, [f"{row['ref']:40} {'present' if row['present'] else 'missing'}" for row in rows])
    return 0


async def _present(refs: list[str]) -> set[str]:
    from localcloud.engines.docker.api import Docker
    from localcloud.engines.interface.engines import EngineError

    docker = Docker()
    try:
        return {ref for ref in refs if await docker.has_image(ref)}
    except EngineError:
        return set()
    finally:
        await docker.close()


def _scan(state: Path, as_json: bool) -> int:
    """What the cloud of this folder has left on the machine; exit status 1 when it cannot be told."""
    import asyncio

    from localcloud.engines.interface.engines import EngineError
    from localcloud.engines.scan import scan
    from localcloud.state import StateError, StateFolder

    try:
        record = StateFolder(state).record()
        if record is None:
            _print([], as_json, [])
            return 0
        found = asyncio.run(
            scan(state, record.identity.id, internet_cidr=record.internet_cidr or None, running=record.pid is not None)
        )
    except (StateError, EngineError) as error:
        print(error, file=sys.stderr)
        return 1
    _print([asdict(item) for item in found], as_json, [f"{item.kind:10} {item.name}  {item.detail}" for item in found])
    return 0


def _print(rows: object, as_json: bool, lines: list[str]) -> None:
    print(json.dumps(rows, indent=2, ensure_ascii=False) if as_json else "\n".join(lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localcloud", description="The local cloud: CTyun's own API on loopback.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="run the cloud in the foreground")
    serving.add_argument("--state", type=Path, help="state folder [default: DRLAB_STATE, else the user's state folder]")
    serving.add_argument("--port", type=int, help="on 127.0.0.1 [default: 8750 or the next free one]")
    serving.add_argument("--tls", action="store_true", help="listen with TLS too, on the next free port")
    serving.add_argument(
        "--foreign-keys", action="store_true", help="replace database passwords encrypted for another cloud, instead of refusing"
    )
    images = commands.add_parser("images", help="list the images that the cloud runs on")
    images.add_argument("--json", action="store_true")
    images.add_argument("--no-docker", action="store_true", help="do not ask Docker which are there (0.3 s)")
    scanning = commands.add_parser("scan", help="list what a cloud has left on this machine")
    scanning.add_argument("--state", type=Path, help="state folder of the cloud")
    scanning.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
