"""Prompts as sent and replies as they came, as terminal lines: read them, they are never obeyed."""

from collections.abc import Iterable

from rich.text import Text

from quorate.domain.trace import Checked, Opined, Prompted, Replied
from ui.terminal_text import AGAINST, MUTED, Screen, cell, cut, folded, verbatim
from ui.words import Names, count, plural, seconds

Exchange = Prompted | Replied | Checked | Opined
"""What passes between an agent and its model."""

LINES_MAX = 400
"""Longest text shown whole; the rest stands in the trace."""


def exchange_lines(events: Iterable[Exchange], names: Names, screen: Screen) -> list[Text]:
    """Return one job's exchanges, agent by agent, each in the order it happened."""
    lines = []
    for event in sorted(events, key=lambda event: event.cluster):
        who = names.get(event.cluster, event.cluster)
        lines += _said(event, str(who), screen)
    return lines


def _said(event: Exchange, who: str, screen: Screen) -> list[Text]:
    match event:
        case Prompted():
            prompt = f"{event.purpose} prompt {event.prompt_id} v{event.prompt_version}, question {event.attempt}"
            return [_head(screen, "🧠", f"{who} is asked: {prompt}"), *_body(event.text, screen)]
        case Replied():
            head = _head(screen, "💬", f"{who} {_reply_words(event)}")
            return [head, *_body(event.text, screen, event.failure is None)]
        case Checked():
            words = f"{who} question {event.attempt}: {'accepted' if event.accepted else 'refused'}"
            notes = f" ({'; '.join(event.notes)})" if event.notes else ""
            return [_head(screen, "🔧", f"{words}{notes}", "" if event.accepted else AGAINST)]
        case Opined():
            return [_head(screen, "💬", f"{who} on the proposal (shown, not counted)"), *_body(event.text, screen)]


def _head(screen: Screen, emoji: str, words: str, style: str = "bold") -> Text:
    return cut(Text(f"  {screen.sign(emoji)}").append_text(cell(words, style)), screen.width)


def _reply_words(event: Replied) -> str:
    if event.failure is not None:
        detail = f": {event.detail}" if event.detail else ""
        return f"did not answer ({event.failure.replace('_', ' ')}){detail}"
    took = "" if event.latency_ms is None else f" after {seconds(event.latency_ms / 1_000)}"
    known = event.tokens_in is not None and event.tokens_out is not None
    return f"answers{took}" + (f", tokens ↑ {count(event.tokens_in)} ↓ {count(event.tokens_out)}" if known else "")


def _body(text: str | None, screen: Screen, expected: bool = True) -> list[Text]:
    """Return a text behind a margin; where a line is continued the margin is broken, for there the text is not."""
    if text is None:
        return [Text("  │ content is not kept", MUTED)] if expected else []
    lines = verbatim(text)
    shown = [
        (part, number == 0)
        for line in lines[:LINES_MAX]
        for number, part in enumerate(folded(Text(line), screen.width - 4))
    ]
    more = len(lines) - LINES_MAX
    rest = [Text(f"  │ and {plural(more, 'line')} more, in the trace", MUTED)] if more > 0 else []
    return [*(Text("  │ " if first else "  ┆ ", MUTED).append(part.plain) for part, first in shown), *rest]
