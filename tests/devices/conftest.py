"""A device side without sockets: real sessions, fleet, bus and waiting room, devices that speak Shelly in memory."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from fleet_platform.devices.composer import Composer
from fleet_platform.devices.door import WaitingRoom
from fleet_platform.devices.fleet import AccessState, Fleet
from fleet_platform.devices.introduction import Pacer
from fleet_platform.devices.link import LinkLimits
from fleet_platform.devices.notifications import Notifications
from fleet_platform.devices.session import DeviceServices, DeviceSession, DeviceTimes
from fleet_platform.devices.twin import Twin
from fleet_platform.devices.voice import Voice
from fleet_platform.events.bus import Bus
from plugin_sdk import (
    JSON,
    AdmissionRule,
    Candidate,
    ComponentType,
    DeviceId,
    EntitySpec,
    Event,
    JSONObject,
    Verdict,
)
from plugin_sdk.errors import Unavailable
from tests.frames import read_frames

Until: TypeAlias = Callable[[Callable[[], bool]], Any]

MAC = "A8032ABB995C"
ID = DeviceId(f"shellyx-{MAC.lower()}")


def component(
    kind: str, namespace: str, *, suffix: str = "", dynamic: bool = False, events: tuple[str, ...] = ()
) -> ComponentType:
    entity = EntitySpec(suffix=suffix, type=kind, label=namespace) if suffix else None
    return ComponentType(type=kind, namespace=namespace, title=namespace, entity=entity, dynamic=dynamic, events=events)


TYPES: Mapping[str, ComponentType] = {
    kind.type: kind
    for kind in (
        component("switch", "Switch", suffix="out"),
        component("input", "Input", suffix="input", events=("single_push", "long_push")),
        component("number", "Number", suffix="number", dynamic=True),
        component("script", "Script", suffix="script"),
        component("sys", "Sys"),
    )
}


class Wire:
    """An in-memory connection, from the platform's side a ``session.Socket``.

    Attributes:
        sent: All frames the platform wrote.
        closed: Code and reason, once the platform closed it.
        on_frame: Called with each frame on a later turn of the loop, as a peer would see it.
    """

    def __init__(self) -> None:
        self.sent: list[JSONObject] = []
        self.closed: tuple[int, str] | None = None
        self.on_frame: Callable[[JSONObject], None] = lambda _frame: None
        self._inbox: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._over = False

    def write(self, frame: bytes) -> None:
        if self._over:
            return
        for message in read_frames(frame):
            self.sent.append(message)
            asyncio.get_running_loop().call_soon(self.on_frame, message)

    async def receive(self) -> str | bytes | None:
        if self._over:
            return None
        text = await self._inbox.get()
        if text is None:
            self._over = True
        return text

    async def close(self, code: int, reason: str) -> None:
        await asyncio.sleep(0)
        if self.closed is None and not self._over:
            self.closed = (code, reason)
        self.hang_up()

    def say(self, frame: JSON) -> None:
        """Send a frame to the platform; texts and bytes go as they are."""
        self._inbox.put_nowait(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def hang_up(self) -> None:
        self._inbox.put_nowait(None)


class Device:
    """A Shelly: answers requests about itself, and tells what the test lets it tell.

    Attributes:
        info: Answer of ``Shelly.GetDeviceInfo``.
        dynamic: Components that only ``Shelly.GetComponents`` tells of, each with status and config.
        page_size: How many of them one page holds.
        answers: Method to what is answered instead: a result, a dict with ``error``, or None for no answer at all.
        asked: Methods it was asked, in order.
    """

    def __init__(self, device: str = ID, **status: JSON) -> None:
        mac = device.rpartition("-")[2].upper()
        self.id = device
        self.info: JSONObject = {"id": device, "mac": mac, "fw_id": "20260101-000000/1.5.0-g1", "ver": "1.5.0"}
        self.status: JSONObject = {
            "switch:0": {"id": 0, "output": False},
            "sys": {"mac": mac, "uptime": 1_000, "cfg_rev": 7, "kvs_rev": 0, "schedule_rev": 0, "webhook_rev": 0},
            **status,
        }
        self.config: JSONObject = {"switch:0": {"id": 0, "name": None}, "sys": {"device": {"name": "Hall"}}}
        self.dynamic: dict[str, JSONObject] = {}
        self.page_size = 2
        self.answers: dict[str, Callable[[JSON], JSON]] = {}
        self.asked: list[str] = []
        self.params: list[JSON] = []
        self.wire = Wire()
        self.between_pages: Callable[[], None] = lambda: None

    def connect(self) -> Wire:
        self.wire = Wire()
        self.wire.on_frame = lambda frame, wire=self.wire: self._on_frame(wire, frame)  # type: ignore[misc]
        return self.wire

    def hello(self, method: str = "NotifyFullStatus", params: JSONObject | None = None) -> None:
        self.notify(method, params if params is not None else {"ts": 5.01, **deepcopy(self.status)})

    def notify(self, method: str, params: JSON) -> None:
        self.wire.say({"src": self.id, "dst": "ws", "method": method, "params": params})

    def change(self, key: str, **patch: JSON) -> None:
        self.status.setdefault(key, {}).update(patch)
        self.notify("NotifyStatus", {"ts": 1_800_000_000.0, key: patch})

    def event(self, component: str, event: str, **data: JSON) -> None:
        self.notify("NotifyEvent", {"ts": 1.0, "events": [{"component": component, "event": event, "ts": 1.0, **data}]})

    def _on_frame(self, wire: Wire, frame: JSONObject) -> None:
        if "method" not in frame:
            return
        method, params = frame["method"], frame.get("params")
        self.asked.append(method)
        self.params.append(params)
        if method in self.answers:
            answer = self.answers[method](params)
            if answer is None:
                return
        else:
            answer = {"result": self._result(method, params or {})}
        wire.say({"id": frame["id"], "src": self.id, "dst": "FLEET_MANAGER", **deepcopy(answer)})

    def _result(self, method: str, params: JSONObject) -> JSON:
        if method == "Shelly.GetDeviceInfo":
            return self.info
        if method == "Shelly.GetStatus":
            return self.status
        if method == "Shelly.GetConfig":
            return self.config
        if method == "Shelly.GetComponents":
            return self._page(params)
        namespace, _, verb = method.partition(".")
        key = f"{namespace.lower()}:{params['id']}" if "id" in params else namespace.lower()
        known = self.dynamic.get(key, {"status": self.status.get(key), "config": self.config.get(key)})
        return {"GetStatus": known["status"], "GetConfig": known["config"]}.get(verb)

    def _page(self, params: JSONObject) -> JSONObject:
        start = params["offset"]
        if start:
            self.between_pages()
        page = list(self.dynamic.items())[start : start + self.page_size]
        return {
            "components": [{"key": key, **content} for key, content in page],
            "cfg_rev": self.status["sys"].get("cfg_rev"),
            "offset": start,
            "total": len(self.dynamic),
        }


class Store:
    """Keeps in memory what sessions and the waiting room store.

    Attributes:
        away: Whether decisions cannot be stored for now.
        access: What was decided, by id as written.
    """

    def __init__(self) -> None:
        self.marked: list[str] = []
        self.marked_status: list[str] = []
        self.access: dict[str, AccessState] = {}
        self.away = False
        self.may_store = asyncio.Event()
        self.may_store.set()

    def mark(self, twin: Twin) -> None:
        self.marked.append(twin.id)

    def mark_status(self, twin: Twin) -> None:
        self.marked_status.append(twin.id)

    async def set_access(
        self, ids: Sequence[str], access: AccessState, status: bytes | None = None
    ) -> list[tuple[str, int]]:
        await self.may_store.wait()
        if self.away:
            raise Unavailable(part="database")
        self.access.update(dict.fromkeys(ids, access))
        return [(device, list(self.access).index(device) + 1) for device in ids]

    async def delete(self, device: str) -> bool:
        return self.access.pop(device, None) is not None


class Site:
    """One platform's device side.

    Attributes:
        events: Everything that was published.
        verdict: What the admission rule says; an exception is raised.
        woken: Twins that became ready for commands.
    """

    def __init__(self) -> None:
        self.fleet = Fleet()
        self.bus = Bus()
        self.voice = Voice(self.bus)
        self.store = Store()
        self.tally: Counter[str] = Counter()
        self.events: list[Event] = []
        self.candidates: list[Candidate] = []
        self.verdict: Verdict | Exception | None = Verdict(action="admit", reason="test")
        self.may_decide = asyncio.Event()
        self.may_decide.set()
        self.woken: list[str] = []
        self.types: Mapping[str, ComponentType] = TYPES
        self.times = DeviceTimes(hello_s=5, call_s=5, retry_s=(0.01, 0.01))
        self.limits = LinkLimits()
        self.expelled: list[str] = []
        self.room = WaitingRoom(
            fleet=self.fleet, store=self.store, voice=self.voice, expel=self.expelled.append, tally=self.tally
        )
        self.sessions: list[asyncio.Task[None]] = []
        self.bus.tap(("*",), self.events.append)

    def services(self) -> DeviceServices:
        return DeviceServices(
            fleet=self.fleet,
            voice=self.voice,
            storage=self.store,
            notifications=Notifications(
                voice=self.voice,
                stored=self.store.mark_status,
                types=lambda: self.types,
                composer=Composer(lambda: self.types),
            ),
            waiting_room=self.room,
            pacer=Pacer(8),
            rules=lambda: [("test", AdmissionRule(name="test", decide=self._decide))],
            types=lambda: self.types,
            composer=Composer(lambda: self.types),
            woken=lambda twin: self.woken.append(twin.id),
            tally=self.tally,
            limits=self.limits,
            times=self.times,
        )

    def set_times(self, **times: Any) -> None:
        self.times = replace(self.times, **times)

    def accept(self, wire: Wire, *, token: str | None = None) -> asyncio.Task[None]:
        """Run a session for a connection, as the rim does."""
        session = DeviceSession(wire, self.services(), token=token, run_token=False, remote="192.0.2.1")
        task = asyncio.create_task(session.run())
        self.sessions.append(task)
        return task

    async def join(self, device: Device) -> asyncio.Task[None]:
        """Connect a device and wait until it is live."""
        task = self.accept(device.connect())
        await self.join_on(device.wire, device)
        return task

    async def join_on(self, wire: Wire, device: Device, *, hello: bool = True) -> None:
        """Wait until a device that is connected is live on that connection."""
        if hello:
            device.hello()
        connects = self.tally["connects"]
        while self.tally["connects"] == connects:
            assert wire.closed is None, f"turned away: {wire.closed}"
            await asyncio.sleep(0.001)

    async def part(self, device: Device, task: asyncio.Task[None]) -> None:
        """Let a device hang up and wait until its session is over."""
        device.wire.hang_up()
        await task

    def is_live(self, device: Device) -> bool:
        twin = self.fleet.get(device.id)
        return twin is not None and twin.link is not None

    def twin(self, device: Device) -> Twin:
        return self.fleet.find(device.id)

    def told(self, *names: str) -> list[str]:
        """Names of events so far, of those asked for; all by default."""
        return [event.method for event in self.events if not names or event.method in names]

    def params(self, name: str) -> list[JSONObject]:
        """Parameters of each event of a name so far, without metadata."""
        found = [event.params for event in self.events if event.method == name]
        return [{key: value for key, value in params.items() if key != "metadata"} for params in found]

    async def _decide(self, candidate: Candidate) -> Verdict | None:
        self.candidates.append(candidate)
        await self.may_decide.wait()
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict


@asynccontextmanager
async def _running() -> AsyncIterator[Site]:
    site = Site()
    try:
        yield site
    finally:
        for task in site.sessions:
            task.cancel()
        ends = await asyncio.gather(*site.sessions, return_exceptions=True)
        failed = [end for end in ends if isinstance(end, Exception)]
        assert not failed, failed


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with _running() as site:
        yield site


@pytest.fixture(scope="session")
def new_device() -> Callable[..., Device]:
    return Device


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture(scope="session")
def new_wire() -> Callable[[], Wire]:
    return Wire


@pytest.fixture(scope="session")
def until() -> Until:
    """Wait until something has become true; the test's own time-out bounds it."""

    async def wait(condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.001)

    return wait


@pytest.fixture(scope="session")
def settle() -> Callable[[], Any]:
    """Let the loop run until everything that can happen without waiting has happened."""

    async def run() -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    return run


@pytest.fixture(scope="session")
def types() -> Mapping[str, ComponentType]:
    return TYPES
