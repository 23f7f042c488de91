"""The folder components/ under the name that it has in the wheel, so that one program runs with a checkout and with the wheel.

The wheel has that folder itself in this file's place. A program uses one of the two names, `drlab.components` or `components`:
Python takes them for two packages.
"""

from __future__ import annotations

from pathlib import Path

__path__ = [str(Path(__file__).parents[2] / "components")]
