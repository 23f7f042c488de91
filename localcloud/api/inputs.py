"""Reading a call's fields: every problem is collected, and all of them are reported at once.

`Fields` wraps the query or the JSON body. JSON null counts as absent (the official SDK sends every unset option so); numbers
may come as strings and booleans in Python's spelling, as they do in its query strings. A field that nobody has read when
`check` is called is one that the local cloud does not model, and is refused by name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Mapping
from typing import Any

from localcloud.records.errors import NotModelled, ParameterError

NAME_RULE = "2-32 letters, Chinese characters, digits, '_' or '-', beginning with a letter or a Chinese character"
_NAME = re.compile(r"[A-Za-z\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff_-]{1,31}")
_WORDS: dict[type, str] = {bool: "true or false", float: "a number with a point", list: "a list", dict: "an object"}
_TRUE, _FALSE = ("true", "True", "TRUE", True, 1), ("false", "False", "FALSE", False, 0)


class Fields:
    """A call's fields, and the problems found with them so far. `where` prefixes the names of nested fields."""

    def __init__(self, values: Mapping[str, Any], problems: list[str] | None = None, where: str = "") -> None:
        self._values = {name: value for name, value in values.items() if value is not None}
        self._read: set[str] = set()
        self._nested: list[Fields] = []
        self.problems: list[str] = problems if problems is not None else []
        self._where = where

    def problem(self, name: str, text: str) -> None:
        """Note that the field is wrong; `check` raises."""
        self.problems.append(f"{self._where}{name} {text}")

    def has(self, name: str) -> bool:
        """The field was given (and is not null)."""
        return name in self._values

    def text(self, name: str, *, required: bool = False, default: str = "", longest: int = 512) -> str:
        """A string; numbers are taken as their digits."""
        value = self._take(name, required)
        if value is None:
            return default
        if not isinstance(value, str | int) or isinstance(value, bool):
            self.problem(name, f"must be a string, not {_WORDS[type(value)]}")  # it may be a secret
            return default
        text = str(value)
        if required and not text:
            self.problem(name, "must not be empty")
        if len(text) > longest:
            self.problem(name, f"has {len(text)} characters; at most {longest} are allowed")
        return text

    def name(self, name: str, *, required: bool = False, rule: re.Pattern[str] = _NAME, says: str = NAME_RULE) -> str:
        """A resource name after CTyun's rules."""
        text = self.text(name, required=required)
        if text and not rule.fullmatch(text):
            self.problem(name, f"{text!r} is not allowed: {says}")
        return text

    def description(self, name: str = "description", longest: int = 128) -> str:
        """Free text of limited length."""
        return self.text(name, longest=longest)

    def integer(self, name: str, *, low: int, high: int, required: bool = False, default: int = 0) -> int:
        """A whole number within bounds, as number or digits."""
        value = self._take(name, required)
        if value is None or value == "":
            if required and value == "":
                self.problem(name, "must not be empty")
            return default
        number = _whole(value)
        if number is None:
            self.problem(name, f"must be a whole number, not {value!r}")
            return default
        if not low <= number <= high:
            self.problem(name, f"is {number}; it must be between {low} and {high}")
        return number

    def boolean(self, name: str, *, required: bool = False, default: bool = False) -> bool:
        """true/false, also in Python's spelling."""
        value = self._take(name, required)
        if value is None or value == "":
            return default
        if value not in _TRUE and value not in _FALSE:
            self.problem(name, f"must be true or false, not {value!r}")
        return value in _TRUE

    def choice(
        self, name: str, allowed: Collection[str], *, required: bool = False, default: str = "", any_case: bool = False
    ) -> str:
        """One of a closed set; `any_case`: also in other capitals, and returned as it stands in the set."""
        text = self.text(name, required=required, default=default)
        if any_case:
            text = next((word for word in allowed if word.lower() == text.lower()), text)
        if text and text not in allowed:
            self.problem(name, f"is {text!r}; it must be one of {', '.join(allowed)}")
        return text

    def listed(self, name: str, *, required: bool = False) -> list[str]:
        """ "a, b,a" -> ["a", "b"]: ids or names in one text, with commas between."""
        text = self.text(name, required=required, longest=8192)
        found = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        if text and not found:
            self.problem(name, f"{text!r} names nothing")
        return found

    def numbers(self, name: str, allowed: range, *, required: bool = False) -> tuple[int, ...]:
        """ "3,0" -> (0, 3): numbers in one text, with commas between; () when it is absent or wrong."""
        text = self.text(name, required=required)
        parts = [part.strip() for part in text.split(",")] if text else []
        numbers = {int(part) for part in parts if re.fullmatch("[0-9]{1,2}", part)} & set(allowed)
        if len(numbers) < len(parts):
            each = f"each {allowed.start} to {allowed.stop - 1} and given once"
            self.problem(name, f"{text!r} must be numbers with commas between, {each}")
            return ()
        return tuple(sorted(numbers))

    def texts(self, name: str, *, most: int) -> list[str]:
        """A list of strings, none of them empty."""
        value = self._take(name, False)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.problem(name, "must be a list of strings, none of them empty")
            return []
        if len(value) > most:
            self.problem(name, f"has {len(value)} items; at most {most} are allowed")
        return value

    def items(self, name: str, *, required: bool = False, most: int) -> list[Fields]:
        """A list of objects, each with fields of its own; their problems are collected here."""
        value = self._take(name, required)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.problem(name, "must be a list of objects")
            return []
        if len(value) > most:
            self.problem(name, f"has {len(value)} items; at most {most} are allowed")
        nested = [Fields(item, self.problems, f"{self._where}{name}[{index}].") for index, item in enumerate(value)]
        self._nested += nested
        if required and not nested:
            self.problem(name, "must not be empty")
        return nested

    def object(self, name: str, *, required: bool = False) -> Fields | None:
        """An object with fields of its own, whose problems are collected here; None when it is absent or wrong."""
        value = self._take(name, required)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.problem(name, "must be an object")
            return None
        nested = Fields(value, self.problems, f"{self._where}{name}.")
        self._nested.append(nested)
        return nested

    def network(self, name: str, *, shortest: int, longest: int) -> ipaddress.IPv4Network | None:
        """An IPv4 CIDR without host bits, its mask within bounds; None when it is absent or wrong."""
        text = self.text(name, required=True)
        if not text:
            return None
        try:
            network = ipaddress.IPv4Network(text)
        except ValueError as error:
            self.problem(name, f"{text!r} is not an IPv4 network: {error}")
            return None
        if "/" not in text or not shortest <= network.prefixlen <= longest:
            self.problem(name, f"{text!r} needs a mask of {shortest} to {longest}")
            return None
        self.usual_form(name, text, network)
        return network

    def usual_form(self, name: str, text: str, network: ipaddress.IPv4Network) -> None:
        """Notes a network that is written in another way (10.0.0.0/255.0.0.0); a lone address is one, too."""
        if "/" in text and text != str(network):
            self.problem(name, f"{text!r} is not in its usual form, {network}")

    def address(self, name: str) -> ipaddress.IPv4Address | None:
        """An IPv4 address; None when it is absent or wrong."""
        text = self.text(name)
        if not text:
            return None
        try:
            return ipaddress.IPv4Address(text)
        except ValueError:
            self.problem(name, f"{text!r} is not an IPv4 address")
            return None

    def project(self) -> str:
        """`projectID`: only the default enterprise project exists. Any call may have it: `check` reads it, too."""
        text = self.text("projectID", default="0") or "0"
        if text != "0":
            self.problem("projectID", f'is {text!r}; only the default project "0" exists')
        return text

    def ignore(self, *names: str) -> None:
        """Fields that change nothing here (billing details and the like)."""
        self._read.update(names)

    def only(self, name: str, *allowed: Any) -> None:
        """An option of which only some values are modelled; any other value is refused by name."""
        value = self._take(name, False)
        if value is not None and value not in allowed:
            raise NotModelled(f"{self._where}{name}={value!r} is not modelled by the local cloud.")

    def check(self) -> None:
        """Raise what was found: unmodelled fields first, then all problems together."""
        if "projectID" not in self._read:
            self.project()
        unknown = self._unread()
        if unknown:
            raise NotModelled(f"Not modelled by the local cloud: {', '.join(unknown)}.")
        if self.problems:
            raise ParameterError(self.problems)

    def _unread(self) -> list[str]:
        own = [f"{self._where}{name}" for name in self._values if name not in self._read]
        return own + [name for nested in self._nested for name in nested._unread()]

    def _take(self, name: str, required: bool) -> Any:
        self._read.add(name)
        value = self._values.get(name)
        if value is None and required:
            self.problem(name, "is required")
        return value


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,15}", value) else None
