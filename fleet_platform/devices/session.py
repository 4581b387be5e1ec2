"""One device's connection, from its first frame to its end.

Sans-socket: it is handed texts and a way to write, and owns every task it starts. Its phases: *hello* (who is
it), *door* (may it come in), *introduction* (what is it), *live* (its notifications and replies). The twin belongs
to the connection that was attached last; an older one notices and falls silent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from fleet_platform.devices import frames
from fleet_platform.devices.composer import Composer
from fleet_platform.devices.door import TryLaterError, Waiter, WaitingRoom, judge
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.frames import Hello
from fleet_platform.devices.introduction import Introduction, Pacer, WrongIdError, is_unchanged
from fleet_platform.devices.link import Command, Link, LinkLimits
from fleet_platform.devices.merge import apply
from fleet_platform.devices.news import News
from fleet_platform.devices.notifications import Notifications, take_full_status
from fleet_platform.devices.readable import readable
from fleet_platform.devices.twin import Revisions, Twin
from fleet_platform.devices.voice import Voice
from fleet_platform.text import JSONDecodeError, decode, encode
from plugin_sdk import AdmissionRule, Candidate, ComponentType, JSONObject, component_id, component_type
from plugin_sdk.errors import DeviceOffline, FleetError

logger = logging.getLogger(__name__)

_MAX_EARLY = 100
"""Event frames of a device that are kept while it is being introduced; later ones are lost."""


class Socket(Protocol):
    """The rim's side of a connection."""

    def write(self, frame: bytes) -> None:
        """Hand a finished websocket frame to the transport."""

    async def receive(self) -> str | bytes | None:
        """The next text, or None when the connection is over."""

    async def close(self, code: int, reason: str) -> None:
        """Close with a code and a reason; returns when it is closed, or after two seconds."""


class Storage(Protocol):
    """What a session needs of the database (``storage.twins.TwinStore``)."""

    def mark(self, twin: Twin) -> None:
        """Remember that everything of a twin is to be written."""

    def mark_status(self, twin: Twin) -> None:
        """Remember that a twin's status is to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTimes:
    """Deadlines of the device side, in seconds."""

    hello_s: float = 30.0
    call_s: float = 15.0
    slow_call_s: float = 60.0
    retry_s: tuple[float, ...] = (2.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceServices:
    """What all device sessions share.

    Attributes:
        rules: Admission rules in force, with the plugin each is of.
        types: Component types in force.
        woken: Called with each twin that became ready for commands; queued calls are sent then.
        tally: Counters by name.
        news: What a person reads about devices.
    """

    fleet: Fleet
    voice: Voice
    storage: Storage
    notifications: Notifications
    waiting_room: WaitingRoom
    pacer: Pacer
    rules: Callable[[], Sequence[tuple[str, AdmissionRule]]]
    types: Callable[[], Mapping[str, ComponentType]]
    composer: Composer
    woken: Callable[[Twin], None]
    tally: Counter[str]
    limits: LinkLimits
    times: DeviceTimes
    news: News = field(default_factory=lambda: News(logger))


class DeviceSession:
    """Runs one device's connection.

    Args:
        token: Enrolment token of its URL.
        run_token: Whether that is the token of this run.
        remote: Address of the peer.
    """

    __slots__ = (
        "_asking",
        "_bad",
        "_early",
        "_refreshing",
        "_remote",
        "_run_token",
        "_s",
        "_socket",
        "_tasks",
        "_token",
        "_twin",
        "link",
    )

    def __init__(
        self, socket: Socket, services: DeviceServices, *, token: str | None, run_token: bool, remote: str | None
    ) -> None:
        self._socket = socket
        self._s = services
        self._token = token
        self._run_token = run_token
        self._remote = remote
        self._twin: Twin | None = None
        self._tasks = asyncio.TaskGroup()
        self._asking: list[asyncio.Task[None]] = []
        self._refreshing: set[str] = set()
        self._early: list[JSONObject] = []
        self._bad = 0
        self.link = Link(write=socket.write, close=self._close, limits=services.limits, sent=self._on_sent)

    async def run(self) -> None:
        """Serve the connection until it ends. Everything it started has ended when this returns."""
        async with self._tasks:
            try:
                await self._serve()
            except frames.BadHelloError as error:
                self._count("bad_hello")
                await self._socket.close(error.close_code, error.reason)
            except TryLaterError as error:
                self._count("turned_away")
                await self._socket.close(frames.CLOSE_TRY_LATER, str(error))
            finally:
                self._end()

    async def _serve(self) -> None:
        hello = await self._hello()
        if hello is None or not await self._is_admitted(hello):
            return
        known = self._s.fleet.get(hello.device)
        if known is not None and known.id.lower() != hello.device.lower():
            known = None
        if self._is_overtaken(known):
            await self._socket.close(frames.CLOSE_REPLACED, "a newer connection is there")
            return
        if known is not None and hello.complete and is_unchanged(known, hello.status, now_ms=_now_ms()):
            changed = take_full_status(known, hello.status, self._s.types())
            self._attach(known, read=False, recompose=changed)
        else:
            # Made before anything more is read, for the device may go on at once.
            self._twin = self._draft(hello, known)
            self._ask(self._introduce(self._twin, hello, known))
        await self._read()

    # ---- hello and door -----------------------------------------------------------------------------------

    async def _hello(self) -> Hello | None:
        """The first report; None if the connection ended before."""
        try:
            async with asyncio.timeout(self._s.times.hello_s):
                while (text := await self._socket.receive()) is not None:
                    hello = frames.decode_hello(text)
                    if hello is not None:
                        return hello
        except TimeoutError as error:
            raise frames.BadHelloError(frames.CLOSE_POLICY, "no status report in time") from error
        return None

    async def _is_admitted(self, hello: Hello) -> bool:
        access = self._s.fleet.access.get(hello.device.lower())
        if access == "denied":
            await self._deny()
            return False
        candidate = Candidate(
            device=hello.device,
            access=access or "unknown",
            token=self._token,
            run_token=self._run_token,
            remote=self._remote,
            status=hello.status,
        )
        verdict = await judge(self._s.rules(), candidate)
        if self._s.fleet.access.get(hello.device.lower()) != access:
            # An operator decided while the rules were asked.
            return await self._is_admitted(hello)
        if verdict.action == "admit":
            if access == "pending":
                await self._s.waiting_room.admit(hello.device)
            return True
        if verdict.action == "refuse":
            self._count("refused")
            logger.info("device %s is refused: %s", hello.device, verdict.reason)
            await self._socket.close(frames.CLOSE_POLICY, verdict.reason[:100])
            return False
        return await self._wait(hello, verdict.reason)

    async def _wait(self, hello: Hello, reason: str) -> bool:
        """Sit in the waiting room; returns whether an operator lets the device in."""
        room = self._s.waiting_room
        waiter, decision = await room.enter(hello.device, hello.status, reason, encode(hello.status))
        logger.info("device %s waits: %s", hello.device, reason)
        reading = self._tasks.create_task(self._read_while_waiting(hello, waiter))
        reading.add_done_callback(lambda _done: decision.cancel())
        try:
            await asyncio.wait({decision})
        finally:
            room.leave(waiter, decision)
            over = reading.done()
            reading.cancel()
            await asyncio.wait({reading}, timeout=2)
        if over:
            return False
        if decision.cancelled():
            await self._socket.close(frames.CLOSE_REPLACED, "a newer connection waits")
            return False
        if not decision.result():
            await self._deny()
        return decision.result()

    async def _read_while_waiting(self, hello: Hello, waiter: Waiter) -> None:
        """Keep what the waiting device reports; ends with the connection."""
        while (text := await self._socket.receive()) is not None:
            try:
                later = frames.decode_hello(text)
            except frames.BadHelloError:
                self._count("bad_frames")
                continue
            if later is None or later.device != hello.device:
                continue
            if later.complete or len(encode(hello.status)) > frames.MAX_HELLO:
                hello.status.clear()
            apply(hello.status, later.status)
            waiter.status = hello.status

    async def _deny(self) -> None:
        """Send an operator's rejection: switch the device's websocket off."""
        self._count("denied")
        for frame in frames.DENY_FRAMES:
            self.link.send(frame)
        await self._socket.close(frames.CLOSE_POLICY, "rejected by an operator")

    # ---- introduction -------------------------------------------------------------------------------------

    async def _introduce(self, twin: Twin, hello: Hello, known: Twin | None) -> None:
        """Get to know the device, trying again a few times, then attach it.

        Its twin is beside the known one, which stays as it is until all is read.
        """
        for pause_s in (*self._s.times.retry_s, None):
            try:
                await Introduction(
                    link=self.link,
                    twin=twin,
                    known=known is not None,
                    hello=hello,
                    pacer=self._s.pacer,
                    types=self._s.types(),
                    timeout_s=self._s.times.call_s,
                ).run()
            except WrongIdError:
                self._count("wrong_id")
                logger.warning("a device that calls itself %s has another id", hello.device)
                await self._socket.close(frames.CLOSE_WRONG_ID, "device info names another device")
                return
            except DeviceOffline:
                return
            except FleetError as error:
                self._count("introduction_failed")
                logger.info("device %s cannot be introduced yet: %s", hello.device, error)
                # What was read so far is asked again; what it reported since stays.
                twin = self._twin = self._beside(known, hello, twin.status)
                if pause_s is not None:
                    await asyncio.sleep(pause_s)
            else:
                await self._welcome(twin)
                return
        await self._socket.close(frames.CLOSE_TRY_LATER, "the device does not answer")

    def _draft(self, hello: Hello, known: Twin | None) -> Twin:
        """A new twin of what is known and what the device said first."""
        twin = self._beside(known, hello, decode(known.status_json()) if known is not None else {})
        if hello.complete:
            take_full_status(twin, dict(hello.status), self._s.types())
        else:
            apply(twin.status, hello.status)
        return twin

    def _beside(self, known: Twin | None, hello: Hello, status: JSONObject) -> Twin:
        """A new twin with what is known of the device, but a status of its own."""
        twin = Twin(hello.device, status)
        if known is not None:
            twin.load(info=known.info_json(), settings=known.settings_json(), meta=decode(known.meta_json()))
            twin.internal_id, twin.entities = known.internal_id, known.entities
        return twin

    async def _welcome(self, twin: Twin) -> None:
        """Attach a device that was introduced, and tell of the events it sent meanwhile."""
        if self._s.fleet.access.get(twin.id.lower()) == "denied":
            # An operator rejected it while it was asked.
            await self._deny()
            return
        known = self._s.fleet.get(twin.id)
        if known is None and twin.internal_id is not None:
            # An operator deleted it while it was asked: it is new, and the admission rules decide.
            await self._socket.close(frames.CLOSE_TRY_LATER, "deleted by an operator")
            return
        if self._is_overtaken(known):
            await self._socket.close(frames.CLOSE_REPLACED, "a newer connection is there")
            return
        self._attach(twin, read=True, recompose=True)
        early, self._early = self._early, []
        for frame in early:
            self._s.notifications.handle(twin, frame, self)

    def _is_overtaken(self, known: Twin | None) -> bool:
        """Whether a newer connection of the device is live already, while this one was held up."""
        return known is not None and known.link is not None and known.link.since > self.link.since

    def _attach(self, twin: Twin, *, read: bool, recompose: bool) -> None:
        """Make this the device's connection, and tell the world.

        Args:
            read: Info and settings were read anew.
            recompose: What its entities are made of changed.
        """
        services, known = self._s, self._s.fleet.get(twin.id)
        was = known.presence if known is not None else "offline"
        if known is not None and known.link is not None:
            old = known.link
            known.link = None
            services.voice.disconnected(known, "replaced by a newer connection", presence=False)
            old.fail(DeviceOffline())
            old.close(frames.CLOSE_REPLACED, "replaced by a newer connection")
        twin.link, twin.asleep = self.link, False
        twin.last_report_ms = _now_ms()
        self._twin = twin
        services.fleet.add(twin)
        services.fleet.access[twin.id.lower()] = "allowed"
        before = twin.entities
        if read and known is not None:
            services.voice.reconfigured(twin, known.settings())
        if recompose or not before:
            services.composer.refresh(twin)
        (services.storage.mark if read else services.storage.mark_status)(twin)
        services.voice.connected(twin, was=was)
        if known is not None and twin.entities != before:
            services.voice.entities(twin, before)
        self._count("connects")
        services.news.tell(twin.id, "is online" if known is not None else "is online, for the first time")
        services.woken(twin)

    # ---- live ---------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        receive, on_text = self._socket.receive, self._on_text
        while (text := await receive()) is not None:
            on_text(text)

    def _on_text(self, text: str | bytes) -> None:
        try:
            frame = decode(text)
        except JSONDecodeError:
            frame = None
        if type(frame) is not dict:
            self._bad_frame()
            return
        twin = self._twin
        if "method" not in frame:
            self._on_reply(frame)
        elif twin is None or not isinstance(frame["method"], str):
            self._bad_frame()
        elif twin.link is not self.link:
            self._on_early(twin, frame)
        elif not self._s.notifications.handle(twin, frame, self):
            self._refuse(frame)

    def _on_reply(self, frame: JSONObject) -> None:
        command = self.link.on_reply(frame)
        if command is None:
            self._count("late_replies")
        elif self._twin is not None and self._twin.link is self.link:
            self._s.voice.reply(self._twin, frame, command.method, command.params)

    def _on_sent(self, command: Command) -> None:
        """Tell of a call to a device that is live; those of an introduction are nobody else's business."""
        if self._twin is not None and self._twin.link is self.link:
            self._s.voice.request(self._twin, command.number, command.method, command.params)

    def _on_early(self, twin: Twin, frame: JSONObject) -> None:
        """Notifications while the device is being introduced change its new twin and are not published yet."""
        method, params = frame["method"], frame.get("params")
        if method == "NotifyStatus":
            if isinstance(params, dict):
                apply(twin.status, params)
        elif method == "NotifyFullStatus":
            if status := frames.components_of(params):
                take_full_status(twin, status, self._s.types())
        elif method == "NotifyEvent":
            if len(self._early) < _MAX_EARLY:
                self._early.append(frame)
        else:
            self._refuse(frame)

    def _refuse(self, frame: JSONObject) -> None:
        """Answer a device that calls a method of ours."""
        self._count("refused_requests")
        if "id" in frame:
            self.link.send(frames.encode_refusal(frame))

    def _bad_frame(self) -> None:
        """Count it; a connection of nothing but garbage is closed."""
        self._count("bad_frames")
        self._bad += 1
        if self._bad > 100:
            self._close(frames.CLOSE_NOT_JSON, "too many frames that are not JSON")

    # ---- what notifications make necessary (``notifications.Refresh``) --------------------------------------

    def settings_changed(self, key: str) -> None:
        """Read a component's settings anew."""
        self._refresh(key)

    def component_added(self, key: str) -> None:
        """Read a new component's status and settings."""
        self._refresh(key, added=True)

    def component_removed(self, key: str) -> None:
        """Drop a component."""
        twin = self._twin
        if twin is None:
            return
        before = twin.settings()
        twin.set_settings({name: value for name, value in before.items() if name != key})
        twin.status.pop(key, None)
        self._settled(twin, before)
        self._s.voice.status(twin, {key: None})

    def _refresh(self, key: str, *, added: bool = False) -> None:
        if key in self._refreshing or len(self._refreshing) > 64:
            return
        self._refreshing.add(key)
        self._ask(self._read_component(key, added=added))

    async def _read_component(self, key: str, *, added: bool) -> None:
        twin, call_s = self._twin, self._s.times.call_s
        if twin is None:
            return
        kind = self._s.types().get(component_type(key))
        namespace = kind.namespace if kind is not None else component_type(key)
        number = component_id(key)
        params = None if number is None else {"id": number}
        try:
            async with self._s.pacer.place():
                # A change that arrives while the answer is on its way asks again.
                self._refreshing.discard(key)
                if added:
                    status = await self.link.call(f"{namespace}.GetStatus", params, timeout_s=call_s)
                    if isinstance(status, dict):
                        twin.status[key] = status
                config = await self.link.call(f"{namespace}.GetConfig", params, timeout_s=call_s)
                info = await self.link.call("Shelly.GetDeviceInfo", timeout_s=call_s) if key == "sys" else None
        except FleetError as error:
            self._count("refresh_failed")
            logger.info("settings of %s of device %s cannot be read: %s", key, twin.id, error)
            return
        if twin.link is not self.link:
            return
        before = twin.settings()
        if isinstance(config, dict):
            twin.set_settings({**before, **readable({key: config}, self._s.types())})
        if isinstance(info, dict) and str(info.get("id", "")).lower() == twin.id.lower():
            twin.set_info(info)
            self._s.voice.info(twin)
        self._settled(twin, before)
        if added:
            self._s.voice.status(twin, {key: twin.status.get(key, {})})

    def _settled(self, twin: Twin, before: JSONObject) -> None:
        """Settings are read: remember of which revision they are, and tell; ``before`` is what they were."""
        twin.config_rev = Revisions.of(twin.status).config
        entities = twin.entities
        self._s.composer.refresh(twin)
        self._s.storage.mark(twin)
        self._s.voice.settings(twin, before)
        self._s.voice.entities(twin, entities)

    # ---- end ----------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """The connection is over: fail what waits, and tell unless a newer connection has taken over."""
        for task in self._asking:
            task.cancel()
        twin = self._twin
        asleep = twin is not None and twin.link is self.link and twin.wakeup_period_s > 0
        self.link.end(DeviceOffline("asleep" if asleep else "offline", twin.wake_expected_ts if twin else None))
        if twin is None or twin.link is not self.link:
            return
        twin.link = None
        self._count("disconnects")
        self._s.storage.mark_status(twin)
        if asleep:
            self._s.news.tell(twin.id, "sleeps")
            twin.asleep = True
        else:
            self._s.news.tell(twin.id, "is offline: its connection ended")
            self._s.voice.disconnected(twin, "connection lost")

    def _ask(self, work: Coroutine[None, None, None]) -> None:
        """Start asking the device; ends with the connection at the latest."""
        task = self._tasks.create_task(work)
        self._asking.append(task)
        task.add_done_callback(self._asking.remove)

    def _close(self, code: int, reason: str) -> None:
        self._tasks.create_task(self._socket.close(code, reason))

    def _count(self, name: str) -> None:
        self._s.tally[name] += 1


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
