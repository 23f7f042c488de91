"""`./lab cloud ...`: the local cloud's process."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Annotated

import typer

from drlab.cloud import CloudState
from drlab.commands.options import Json
from drlab.commands.prepare import exclusive, set_up
from drlab.errors import UserError
from drlab.lab import Lab
from drlab.setup import Needs

app = typer.Typer(no_args_is_help=True, help="The local cloud: start, stop, look at it.")


@app.command()
def start(
    tls: Annotated[bool, typer.Option("--tls", help="Listen with TLS too, for clients that insist on it.")] = False,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="On 127.0.0.1 [default: 8750 or the next free].")
    ] = None,
    json: Json = False,
) -> None:
    """Start the local cloud and wait until it answers. Servers that were on come back on.

    \b
    Examples:
      ./lab cloud start
      ./lab cloud start --tls
    """
    lab = Lab.open(json=json)
    before = lab.cloud.state()
    set_up(lab, Needs.cloud())
    with exclusive(lab), lab.out.busy("starting the local cloud"):
        record = lab.cloud.start(port, tls)
    if json:
        lab.out.document({"url": record.url, "tlsUrl": record.tls_url, "pid": record.pid, "id": record.id})
        return
    lab.out.step("cloud", f"{'runs' if before == CloudState.RUNNING else 'started'} on {record.url} (process {record.pid})")
    if record.tls_url:
        lab.out.step("", f"with TLS on {record.tls_url}; its CA: ./lab cloud ca")


@app.command()
def stop(
    force: Annotated[bool, typer.Option("--force", help="Shut servers down and keep them.")] = False,
) -> None:
    """Stop the local cloud; refused while it has servers. With --force they are shut down, and `cloud start` brings them back.

    \b
    Examples:
      ./lab cloud stop
    """
    lab = Lab.open()
    if lab.cloud.state() in (CloudState.STOPPED, CloudState.DEAD):
        lab.out.step("cloud", "is not running")
        return
    with exclusive(lab), lab.out.busy("stopping the local cloud"):
        lab.cloud.stop(force)
    lab.out.step("cloud", "stopped")


@app.command()
def status(json: Json = False) -> None:
    """Say whether it runs and where (exit status 1 when it does not run).

    \b
    Examples:
      ./lab cloud status
    """
    lab = Lab.open(json=json)
    state, record = lab.cloud.state(), lab.cloud.record()
    running = record if state == CloudState.RUNNING else None
    if json:
        shown = {"url": running.url, "tlsUrl": running.tls_url, "pid": running.pid} if running else {}
        lab.out.document({"state": state.value, "id": record.id if record else None, **shown})
    else:
        lab.out.step("cloud", f"runs on {running.url} (process {running.pid})" if running else state.value)
    if running is None:
        raise typer.Exit(1)


@app.command()
def logs(follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on showing what comes.")] = False) -> None:
    """Show the local cloud's log.

    \b
    Examples:
      ./lab cloud logs
      ./lab cloud logs -f
    """
    lab = Lab.open()
    path = lab.folders.cloud_log
    if not path.exists():
        raise UserError("The local cloud has no log yet: it has never run.", "./lab cloud start")
    if follow:
        tail = shutil.which("tail")
        if tail is None:
            raise UserError("There is no `tail` on this machine to follow the log with.", f"cat {path}")
        os.execv(tail, [tail, "-n", "50", "-F", str(path)])
    sys.stdout.write(path.read_text(errors="replace", encoding="utf-8"))


@app.command()
def ca() -> None:
    """Print the certificate (PEM) of the CA that signs the local cloud's TLS listener.

    \b
    Examples:
      ./lab cloud start --tls
      ./lab cloud ca > ca.pem
    """
    record = Lab.open().cloud.record()
    if record is None or record.ca_file is None:
        raise UserError("The local cloud has no CA: it does not listen with TLS.", "./lab cloud start --tls")
    sys.stdout.write(record.ca_file.read_text(encoding="utf-8"))
