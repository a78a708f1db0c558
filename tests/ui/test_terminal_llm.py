from quorate.domain.trace import Checked, Opined, Prompted, Replied
from quorate.domain.values import JobId
from tests.ui.terminal_sample import IDS
from ui.terminal_llm import LINES_MAX, exchange_lines
from ui.terminal_text import Screen
from ui.words import short_names

JOB = JobId("job_001")


def prompted(cluster, text):
    return Prompted(
        job=JOB, cluster=cluster, attempt=1, prompt_id="bid", prompt_version=2, prompt_sha256="0" * 64, text=text
    )


def replied(cluster, text, **more):
    return Replied(job=JOB, cluster=cluster, attempt=1, text=text, **more)


def told(*events, width=100):
    return [line.plain for line in exchange_lines(events, short_names(IDS), Screen(width))]


def test_exchanges_stand_agent_by_agent_whatever_came_first():
    one, two = (prompted(IDS[1], "b"), replied(IDS[1], "y")), (prompted(IDS[0], "a"), replied(IDS[0], "x"))
    assert told(one[0], two[0], two[1], one[1]) == told(*two, *one)


def test_a_prompt_keeps_its_lines_and_indentation():
    assert told(prompted(IDS[0], "facts:\n    nodes: 7"))[1:] == ["  │ facts:", "  │     nodes: 7"]


def test_a_reply_tells_seconds_and_tokens_where_they_are_known():
    assert (
        "R00 answers after 912 ms, tokens ↑ 1,200 ↓ 80"
        in told(replied(IDS[0], "{}", latency_ms=912, tokens_in=1_200, tokens_out=80))[0]
    )
    assert told(replied(IDS[0], "{}"))[0].endswith("R00 answers")


def test_a_failure_is_told_in_words():
    assert told(replied(IDS[0], None, failure="provider_unreachable", detail="no route")) == [
        "  R00 did not answer (provider unreachable): no route"
    ]


def test_what_was_checked_and_opined_is_told():
    checked = Checked(job=JOB, cluster=IDS[0], attempt=1, accepted=False, notes=("code fence stripped",))
    assert told(checked) == ["  R00 question 1: refused (code fence stripped)"]
    assert told(Opined(job=JOB, cluster=IDS[0], text="fine"))[-1] == "  │ fine"


def test_a_hostile_reply_cannot_drive_the_terminal():
    lines = told(replied(IDS[0], "\x1b[2J\x07[bold]x[/bold]\r\n\u202e" + "y" * 500), width=80)
    assert "\\x1b[2J\\x07[bold]x[/bold]" in lines[1]
    assert max(len(line) for line in lines) <= 80
    assert not any("\x1b" in line or "\u202e" in line or "\r" in line for line in lines)


def test_content_that_was_not_kept_is_not_invented_and_a_flood_is_bounded():
    assert told(prompted(IDS[0], None))[1] == "  │ content is not kept"
    assert told(replied(IDS[0], "x\n" * 1_000))[-1] == f"  │ and {1_001 - LINES_MAX} lines more, in the trace"


def test_where_a_long_line_is_continued_the_margin_says_so():
    lines = told(replied(IDS[0], "a word and " * 12 + "an end\nthe next line"), width=60)[1:]
    assert [line[2] for line in lines][:2] == ["│", "┆"]
    assert lines[-1] == "  │ the next line"
