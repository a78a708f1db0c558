import asyncio
import logging

import pytest

from quorate.domain.errors import RequestInvalid
from ui.ending import end_of


async def ended(work):
    task = asyncio.ensure_future(work)
    await asyncio.wait([task])
    return end_of(task, "this run")


async def nothing():
    return 1


async def failing(error):
    raise error


async def test_a_task_that_returns_is_done():
    assert await ended(nothing()) == ("done", "")


async def test_a_cancelled_task_is_cancelled():
    task = asyncio.ensure_future(asyncio.sleep(10))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert end_of(task, "this run") == ("cancelled", "")


@pytest.mark.parametrize("error", [RequestInvalid("no such file; name another"), OSError("disk full")])
async def test_an_expected_error_is_said_in_its_own_words(error):
    assert await ended(failing(error)) == ("failed", str(error))


async def test_a_bug_is_logged_and_its_words_do_not_reach_the_page(caplog):
    with caplog.at_level(logging.ERROR):
        status, why = await ended(failing(ValueError("secret")))
    assert status == "failed"
    assert why == "an error in the program stopped this run; the server's log holds it"
    assert "secret" in caplog.text
