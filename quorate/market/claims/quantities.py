# ruff: noqa: E501 - a rule over tags is one line: cut in two it cannot be read
"""Numbers as bids write them, with their units, and when two of them are the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

GIB = 1.0
_BINARY = {"k": 1 / 1024**2, "m": 1 / 1024, "g": 1.0, "t": 1024.0, "p": 1024.0**2}
_DECIMAL_GIB = 1e9 / 2**30
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SMALL = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
]
_SPELLED = dict(zip(_SMALL, [*range(2, 21), 30, 40, 50, 60, 70, 80, 90, 100], strict=True))
_ONES = {"one": 1} | _SPELLED
_BYTES = {"giga": "gb", "tera": "tb", "peta": "pb", "gibi": "gib", "tebi": "tib", "pebi": "pib"}
_PARTS = {
    "third": 3,
    "quarter": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "half": 2,
}

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_UNITS = (
    r"(?P<pct>%|percent\b|per cent\b|pct\b)"
    r"|(?P<bw>[GTM]i?(?:b|B|bit|bits)(?:/s|ps|/sec|it/s)\b|Gbit/s\b|gigabits?(?: per second)?\b|gigabytes? per second\b|G(?=[ -]?(?:links?|fabric|InfiniBand|interconnect|Ethernet|Slingshot)))"
    r"|(?P<mem>[KMGTP]i?B\b|[GT](?=[ ]?(?:RAM|memory|mem)\b|/n|[ ]per node|[ ]each)|(?:giga|tera|peta|gibi|tebi|pebi)bytes?\b|(?i:[gtp]i?b)\b)"
    r"|(?P<time>seconds?\b|secs?\b|(?-i:s)\b|minutes?\b|mins?\b|hours?\b|hrs?\b|hr\b|(?-i:h)(?![A-Za-z])|(?-i:m)(?![A-Za-z])|days?\b|(?-i:d)\b)"
    r"|(?P<kilo>(?-i:[kKM])\b)"
)
_COUNTED = (
    r"(?=[ -](?:(?:more|free|idle|available|gpu|cpu|compute|full|large|small|big|fat|ordinary|plain|standard|equal|identical|empty|busy|such) )*(?:nodes?|gpus?|cores?|accelerators?|hours?|minutes?|seconds?|percent|days?)\b"
    r"| (?:of (?:them|these|those|which)|of (?:the|our|my|its)|of (?:the |our |my )?(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty)[ ](?:free |idle )?nodes|of [A-Z][\w-]{1,40}'s \d+|wanted|asked|requested|needed|required|per node|on each|of the \d|in each|more than|fewer than|less than|short of|too few|too many|would remain|remain|are free|are idle|are busy|is asked|are asked)\b"
    r"| (?:(?:are|is|were) (?:there|present|here|available|installed|offered|on offer|provided|asked|needed|required|requested|wanted|what)|(?:in|on|to|for) (?:each|every|a|any) (?:\w+ )?(?:node|machine|server|box)|exist|exists|present|there|installed|apiece|each|left|short|missing|too (?:few|many)|to spare|fewer than|more than|are (?:left|missing|lacking|spare|still)|(?:would|will|could) (?:still )?(?:be left|remain|stay|be free|be idle|be missing))\b)"
)
_HELD = "".join(
    rf"(?<={word} )|"
    for word in (
        "have",
        "has",
        "had",
        "hold",
        "holds",
        "carry",
        "carries",
        "offer",
        "offers",
        "exactly",
        "only",
        "provide",
        "provides",
        "bring",
        "brings",
        "got",
        "leaving",
        "leaves",
        "leave",
    )
)
"""What stands before a small number in words that is a figure."""
_TEENS = "eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_LARGE = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[ -](?:two|three|four|five|six|seven|eight|nine)(?=[,.;)]|$| (?:for others|to spare|stays?|remains?|would|will|are|go)\b)"
"""A number in words that is a figure even without a noun."""
"""What follows a number in words that is a figure, not a manner of speaking."""
QUANTITY = re.compile(
    rf"(?<![\w.])(?:(?P<clock>\d{{1,3}}:\d\d(?::\d\d)?)(?![\d:])"
    rf"|(?P<range>(?:{_NUMBER})\s?(?:-|\u2013|to|and)\s?(?=\d)(?:{_NUMBER})\s?%)"
    rf"|(?P<hours>{_NUMBER}|an?|one|{'|'.join(_SMALL[:23])})[ -]?(?:hours?|hrs?|h)(?:,| and|, and)? ?(?P<rest>(?:a )?half|(?:a )?quarter|three quarters|(?:\d{{1,2}}|{'|'.join(sorted(_SPELLED, key=len, reverse=True))})(?:[ -](?:{'|'.join(_SMALL[:8])}))? ?(?:minutes?|mins?|m)\b)"
    rf"|(?P<whole_hours>{'|'.join(_SMALL[:23])}) and (?P<and_part>a half|a quarter|three[- ]quarters?) (?P<big>hours|days)"
    r"|(?P<article>half an hour|half a day|a quarter of a day|three quarters of a day|(?:a quarter|three quarters) of an hour|(?:an|one|a single) hour|(?:a|one) day)(?![ -](?:or|ago|later|earlier|before|after|each|per|from)\b)(?!\w)"
    rf"|(?P<number>{_NUMBER})(?:[ -]?(?:{_UNITS}))?(?=[^\d]|$)"
    rf"|(?<![A-Za-z]-)(?P<units>a|an|one|half a|{'|'.join(sorted(_SMALL, key=len, reverse=True))})[ -](?P<bytes>(?:giga|tera|peta|gibi|tebi|pebi)bytes?)\b"
    rf"|(?P<hundreds>(?:a|one|{'|'.join(_SMALL[:8])})[ -]hundred)(?:(?: and)?[ -](?P<tens>{'|'.join(sorted(_SPELLED, key=len, reverse=True))}))?(?:[ -](?P<ones>one|{'|'.join(_SMALL[:8])}))?"
    + _COUNTED
    + rf"|(?P<large>{_LARGE})"
    + rf"|(?P<spelled>{'|'.join(sorted(_SPELLED, key=len, reverse=True))})(?:[ -](?P<digit>two|three|four|five|six|seven|eight|nine))?"
    + _COUNTED
    + r"(?:[ -](?P<unit>hours?|minutes?|seconds?|days?|percent)\b)?"
    + rf"|\b(?P<plain>(?:{_TEENS})(?:[ -](?:one|{'|'.join(_SMALL[:8])}))?)\b(?![ -](?:hours?|minutes?|seconds?|days?|per ?cent|years?|fold|times)\b)"
    + rf"|\b(?P<out>one|{'|'.join(_SMALL[:8])})(?: (?:nodes?|machines?|boxes|servers?))? (?:in|out of) (?:every )?(?P<out_of>{'|'.join(sorted(_SMALL, key=len, reverse=True))})\b"
    + rf"|(?:{_HELD[:-1]})(?P<held>{'|'.join(_SMALL[:9])})(?=[,.;)]|$| (?:but|while|where|and|for|on|in|apiece)\b)"
    + r"|\b(?P<single>one)(?= (?:gpu|accelerator)s? (?:per|on each|in each|for each|each)\b)"
    + rf"|\b(?P<dozens>a|one|{'|'.join(_SMALL[:8])}) dozen\b"
    + r"|\b(?P<few>one|half a|a single) per ?cent\b"
    rf"|\b(?P<part>a|one|two|three|four|five|six|seven|eight|nine)[ -](?P<whole>{'|'.join(_PARTS)})s?(?![ -]of an? (?:hour|day|week|month|year)\b)(?=[ -](?:of|my|our|the|its|is|are|busy|idle|free|full|empty|used|taken|occupied|allocated)\b|[,.;)]|$)"
    r"|\b(?P<half>(?<=nearly )half(?=[,.;)])|(?<=almost )half(?=[,.;)])|(?<=about )half(?=[,.;)])|(?<=roughly )half(?=[,.;)])|half(?=[ -](?:of|my|our|the|its|is|are|busy|idle|free|full|empty|used|taken|occupied|allocated|available)\b)))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and what its unit makes of it."""

    tag: str
    """`N` bare, `Q:pct`, `Q:time`, `Q:mem`, `Q:bw`, or `RANGE`."""
    values: tuple[float, ...]
    """Every reading of it: bare numbers as they are, percent, seconds, GiB (binary and decimal), Gb/s."""
    step: float
    """Half of the last printed digit's worth, in the same unit: how far rounding may have moved it."""
    number: float
    """The number alone, whatever its unit."""


def quantity(match: re.Match[str]) -> Quantity | None:
    """Read what `QUANTITY` found; None for a clock time that is none."""
    if match["range"]:
        return Quantity("RANGE", (), 0, 0)
    if match["hours"] or match["whole_hours"]:
        return _compound(match)
    if match["article"]:
        return Quantity("Q:time", (_ARTICLES[match["article"].lower()],), 0.0, 1)
    return _clock(match) if match["clock"] else _worded(match) or _said(match)


def _clock(match: re.Match[str]) -> Quantity | None:
    parts = [int(part) for part in match["clock"].split(":")]
    seconds = parts[0] * 3_600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)
    hours = re.match(r" ?h", match.string[match.end() : match.end() + 2]) is not None
    return Quantity("Q:time", (seconds,), 30, seconds) if len(parts) > 2 or hours else None


def _worded(match: re.Match[str]) -> Quantity | None:
    """Read `a dozen`, `one percent`, `three out of four`, and `one` where it counts."""
    if match["single"]:
        return _with_unit(1.0, 0.0, "")
    if match["dozens"]:
        return _with_unit(12.0 * {"a": 1, **_ONES}[match["dozens"].lower()], 0.0, "")
    if match["few"]:
        return Quantity("Q:pct", (0.5 if match["few"].lower() == "half a" else 1.0,), 1.0, 1)
    if match["out"]:
        return Quantity("Q:pct", (100.0 * _ONES[match["out"].lower()] / _SPELLED[match["out_of"].lower()],), 3, 0)
    return None


def _said(match: re.Match[str]) -> Quantity:
    if match["units"]:
        return _memory(
            {"half a": 0.5, "a": 1, "an": 1, "one": 1}.get(match["units"].lower()) or _SPELLED[match["units"].lower()],
            _BYTES[match["bytes"].lower()[:4]],
        )
    if match["hundreds"]:
        first = match["hundreds"].lower().split()[0].split("-")[0]
        number = (
            100.0 * _SPELLED.get(first, 1)
            + _SPELLED.get((match["tens"] or "").lower(), 0)
            + _ONES.get((match["ones"] or "").lower(), 0)
        )
        return _with_unit(number, 0.0, "")
    if match["half"]:
        return Quantity("Q:pct", (50.0,), 3, 0)
    if match["part"]:
        part = {"a": 1, "one": 1} | _SPELLED
        return Quantity("Q:pct", (100.0 * part[match["part"].lower()] / _PARTS[match["whole"].lower()],), 3, 0)
    if worded := match["large"] or match["plain"] or match["held"]:
        words = re.split(r"[ -]", worded.lower())
        return _with_unit(float(sum(_ONES[word] for word in words)), 0.0, "")
    if match["spelled"]:
        number = float(_SPELLED[match["spelled"].lower()] + _SPELLED.get((match["digit"] or "").lower(), 0))
        return _with_unit(number, 0.0, match["unit"] or "")
    printed = match["number"]
    number = float(printed.replace(",", ""))
    decimals = len(printed.partition(".")[2])
    step = 0.5 / 10**decimals if decimals else 0.0
    return _measured(match, number, step)


_ARTICLES = {"half an hour": 1_800, "half a day": 43_200, "a quarter of a day": 21_600, "three quarters of a day": 64_800, "a quarter of an hour": 900, "three quarters of an hour": 2_700,
             "an hour": 3_600, "one hour": 3_600, "a single hour": 3_600, "a day": 86_400, "one day": 86_400}  # fmt: skip
_REST = {"half": 1_800, "quarter": 900, "three quarters": 2_700}


def _compound(match: re.Match[str]) -> Quantity:
    """Read `1 h 40 min`, `an hour and a quarter`, `two and a half hours`."""
    first = (match["hours"] or match["whole_hours"]).lower()
    hours = {"a": 1.0, "an": 1.0, "one": 1.0}.get(first) or _SPELLED.get(first) or float(first.replace(",", ""))
    rest = (match["rest"] or match["and_part"]).lower().removeprefix("a ").replace("three-", "three ")
    rest = "three quarters" if rest.startswith("three quarter") else rest
    words = re.split(r"[ -]", re.sub(r" ?m(?:in(?:ute)?s?)?$", "", rest))
    minutes = sum(int(word) if word.isdigit() else _ONES.get(word, 0) for word in words)
    if match["big"] and match["big"].lower() == "days":
        return Quantity("Q:time", (24 * (hours * 3_600 + _REST[rest]),), 0.0, hours)
    return Quantity("Q:time", (hours * 3_600 + _REST.get(rest, 60 * minutes),), 0.0, hours)


def _measured(match: re.Match[str], number: float, step: float) -> Quantity:
    if match["pct"]:
        return Quantity("Q:pct", (number,), 1.0, number)
    if match["bw"]:
        return _bandwidth(number, match["bw"])
    if match["mem"]:
        return _memory(number, match["mem"].lower())
    if match["kilo"]:
        factor = 1_000 if match["kilo"].lower() == "k" else 1_000_000
        return Quantity("N", (number * factor, number * 1.024 * factor), max(step, 0.05) * factor, number * factor)
    if match["time"]:
        return _with_unit(number, step, match["time"])
    readings = (number, number * 1_000) if re.fullmatch(r"\d\.\d{3}", match["number"]) else (number,)
    return Quantity("N", readings, step, number)


def _with_unit(number: float, step: float, unit: str) -> Quantity:
    if not unit:
        return Quantity("N", (number,), step, number)
    if unit.startswith("percent"):
        return Quantity("Q:pct", (number,), 1.0, number)
    seconds = _SECONDS[unit[0].lower()]
    return Quantity("Q:time", (number * seconds,), step * seconds, number)


def _bandwidth(number: float, unit: str) -> Quantity:
    factor = 1_000.0 if unit[0] in "Tt" else 0.001 if unit[0] == "M" else 1.0
    is_bytes = "B" in unit or "byte" in unit
    return Quantity("Q:bw", (number * factor * (8 if is_bytes else 1),), 0.02 * number * factor, number)


def _memory(number: float, unit: str) -> Quantity:
    """GiB by the binary reading, the decimal one, and the common half of each (1,024 GiB called 1.024 TB)."""
    scale = _BINARY[unit[0]]
    thousands = {"g": 1.0, "t": 1_000.0, "p": 1e6, "m": 0.001, "k": 1e-6}[unit[0]]
    readings = (number * scale, number * thousands, number * thousands * _DECIMAL_GIB)
    return Quantity("Q:mem", readings, 0.0, number)


def close(said: Iterable[float], truths: Iterable[float], step: float = 0.0, share: float = 0.0) -> bool:
    """Say whether any reading is any truth, within `step` or within a share of the truth.

    >>> close((12.9,), (12.86,), step=1.0)
    True
    """
    return any(abs(value - truth) <= max(step, share * abs(truth)) + 1e-9 for value in said for truth in list(truths))
