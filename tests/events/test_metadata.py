"""Metadata of device events: never waited for, remembered for a while, and nobody's fault is another's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest

from fleet_platform.events.metadata import MetadataBook
from plugin_sdk import JSON, DeviceId, Metadata

A = DeviceId("a")


class Asked:
    """A provider that counts, and answers what the test lays in."""

    def __init__(self, **answer: JSON) -> None:
        self.answer: Any = answer
        self.devices: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def describe(self, device: DeviceId) -> Mapping[str, JSON]:
        self.devices.append(device)
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: Mapping[str, JSON] = self.answer
        return answer


class Scene:
    def __init__(self) -> None:
        self.providers: list[tuple[str, Metadata]] = []
        self.book = MetadataBook(lambda: self.providers)

    def add(self, provider: Asked, *, cache_s: float = 60, timeout_s: float = 1) -> None:
        number = len(self.providers)
        metadata = Metadata(name=f"m{number}", describe=provider.describe, cache_s=cache_s, timeout_s=timeout_s)
        self.providers.append((f"p{number}", metadata))

    def of(self, device: DeviceId = A) -> JSON:
        return json.loads(self.book.of(device))


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    running = asyncio.create_task(scene.book.run())
    yield scene
    running.cancel()
    await asyncio.wait([running])


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def test_without_providers_nobody_is_asked(scene: Scene) -> None:
    assert scene.of() == {"groups": []}


async def test_an_event_goes_out_with_the_last_known_answer(scene: Scene) -> None:
    provider = Asked(groups=[1], room="Hall")
    scene.add(provider)
    assert scene.of() == {"groups": []}
    await until(lambda: scene.of() != {"groups": []})
    assert scene.of() == {"groups": [1], "room": "Hall"}
    assert provider.devices == ["a"]


async def test_what_changed_is_asked_anew_at_once(scene: Scene) -> None:
    provider = Asked(groups=[1])
    scene.add(provider)
    scene.of()
    await until(lambda: scene.of() == {"groups": [1]})
    provider.answer = {"groups": [1, 2]}
    scene.book.renew([A])
    await until(lambda: len(provider.devices) == 2)
    await until(lambda: scene.of() == {"groups": [1, 2]})
    provider.answer = {"groups": []}
    scene.book.renew([])
    assert scene.of() == {"groups": [1, 2]}  # the last known answer, until the new one is there
    await until(lambda: scene.of() == {"groups": []})


async def test_a_device_that_is_forgotten_leaves_nothing(scene: Scene) -> None:
    scene.add(Asked(groups=[1]))
    scene.of()
    await until(lambda: scene.of() == {"groups": [1]})
    scene.book.forget(A)
    assert scene.of() == {"groups": []}


async def test_a_device_is_asked_about_once_while_the_answer_is_on_its_way(scene: Scene) -> None:
    provider = Asked()
    provider.may_answer.clear()
    scene.add(provider)
    for _ in range(5):
        scene.of()
    await until(lambda: bool(provider.devices))
    assert provider.devices == ["a"]


async def test_an_old_answer_is_told_until_the_new_one_is_there(scene: Scene) -> None:
    provider = Asked(room="Hall")
    scene.add(provider, cache_s=0)
    scene.of()
    await until(lambda: scene.of().get("room") == "Hall")
    provider.answer = {"room": "Attic"}
    await until(lambda: scene.of().get("room") == "Attic")
    assert "groups" in scene.of()


@pytest.mark.parametrize("answer", [ZeroDivisionError(), None, [1, 2, 3]])
async def test_a_provider_that_fails_costs_its_own_fields_alone(scene: Scene, answer: Any) -> None:
    broken, sound = Asked(), Asked(room="Hall")
    broken.answer = answer
    scene.add(broken)
    scene.add(sound)
    scene.of()
    await until(lambda: scene.of().get("room") == "Hall")


async def test_a_provider_that_hangs_is_given_up(scene: Scene) -> None:
    stuck, sound = Asked(), Asked(room="Hall")
    stuck.may_answer.clear()
    scene.add(stuck, timeout_s=0.01)
    scene.add(sound)
    scene.of()
    await until(lambda: scene.of().get("room") == "Hall")


async def test_an_answer_without_a_json_form_is_passed_over(scene: Scene) -> None:
    provider = Asked(room=object())
    scene.add(provider, cache_s=0)
    scene.of()
    await until(lambda: bool(provider.devices))
    provider.answer = {"room": "Hall"}
    await until(lambda: scene.of().get("room") == "Hall")
