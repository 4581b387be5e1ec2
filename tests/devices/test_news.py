"""What a person reads when few devices come, and when many do."""

from __future__ import annotations

import asyncio
import logging

import pytest

from fleet_platform.devices import news
from fleet_platform.devices.news import News


async def test_few_are_told_one_by_one_and_many_are_summed_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(news, "ONE_BY_ONE", 2)
    told = News(logging.getLogger("devices"))
    for number in range(5):
        told.tell(f"d{number}", "is online")
    told.tell("d9", "sleeps")
    assert caplog.messages == ["device d0 is online", "device d1 is online", "device d9 sleeps"]
    async with asyncio.timeout(5):
        while len(caplog.messages) < 4:
            await asyncio.sleep(0.02)
    assert caplog.messages[3] == "the same of 3 more devices: is online"
    told.tell("d0", "is online")
    assert caplog.messages[4:] == ["device d0 is online"]
