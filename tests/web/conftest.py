"""The whole rim on a real server and a free port, around real parts, without plugins and without a database."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType

from fleet_platform.auth.access import Access
from fleet_platform.auth.authenticator import Authenticator
from fleet_platform.auth.tokens import Tokens
from fleet_platform.devices.composer import Composer
from fleet_platform.devices.door import WaitingRoom
from fleet_platform.devices.fleet import Fleet
from fleet_platform.devices.introduction import Pacer
from fleet_platform.devices.link import LinkLimits
from fleet_platform.devices.notifications import Notifications
from fleet_platform.devices.session import DeviceServices, DeviceTimes
from fleet_platform.devices.voice import Voice
from fleet_platform.events.bus import Bus
from fleet_platform.history import HistoryStats
from fleet_platform.methods.fleet_manager import FleetManagerMethods
from fleet_platform.methods.user import UserMethods
from fleet_platform.metrics import Measured, Metrics
from fleet_platform.rpc.destinations import Destinations
from fleet_platform.rpc.dispatch import Dispatcher
from fleet_platform.rpc.methods import bind
from fleet_platform.rpc.relay import Relay, RelayTimes
from fleet_platform.storage.database import Database
from fleet_platform.storage.twins import TwinStore
from fleet_platform.web.client_socket import ClientLimits, ClientSocket
from fleet_platform.web.device_socket import DeviceSocket
from fleet_platform.web.http_rpc import HttpRpc
from fleet_platform.web.identity import Identity
from fleet_platform.web.origin import SESSION_COOKIE
from fleet_platform.web.pages import Pages
from fleet_platform.web.server import Front, Server, listening
from fleet_platform.web.sockets import Pinger
from plugin_sdk import (
    JSON,
    AdmissionRule,
    AuthProvider,
    Candidate,
    DeviceId,
    JSONObject,
    Method,
    Principal,
    Route,
    Verdict,
)
from plugin_sdk.errors import RateLimited, Unavailable

Until: TypeAlias = Callable[[Callable[[], bool]], Any]

PASSWORD = "correct horse: battery"
RUN_TOKEN = "run-token-of-this-start"
ID = "shellyx-a8032abb995c"


class Rim:
    """One platform's rim.

    Attributes:
        denied: Permissions nobody has, and ``permission@device``.
        provider: What the auth provider does: ``"answers"``, ``"is away"`` or ``"is limited"``.
        routes: Routes of plugins.
    """

    def __init__(self) -> None:
        self.tally: Counter[str] = Counter()
        self.fleet = Fleet()
        self.bus = Bus()
        self.denied: set[str] = set()
        self.routes: list[tuple[str, Route]] = []
        self.groups: dict[str, list[str]] = {}
        self.provider = "answers"
        self.verdict = Verdict(action="admit", reason="test")
        self.candidates: list[Candidate] = []
        self.database_up = True
        self.tokens = Tokens(b"k" * 32)
        provider = AuthProvider(name="users", verify_password=self._verify, find=self._find)
        self.authenticator = Authenticator(lambda: [provider], self.tokens)
        self.dispatcher = Dispatcher(self.allows)
        self.relay = Relay(fleet=self.fleet, allows=self.allows, types=dict, times=RelayTimes(call_s=2, slow_call_s=5))
        self.device_pinger = Pinger(30, self.tally)
        self.client_pinger = Pinger(30, self.tally)
        self.identity = Identity(self.authenticator, allowed_origins=["https://friend.example"])
        self.store = TwinStore(Database("postgresql://nobody@127.0.0.1/nothing"))
        self.limits = ClientLimits(max_frame=100_000, max_events=500)
        manager = FleetManagerMethods(bus=self.bus, fleet=self.fleet, allows=self.allows)
        users = UserMethods(authenticator=self.authenticator, tokens=self.tokens)
        for method in (*manager.methods(), *users.methods()):
            self.method(method)
        self.url = ""

    def method(self, method: Method) -> None:
        bound = bind(method, plugin="test")
        self.dispatcher.methods = {**self.dispatcher.methods, bound.name.lower(): bound}

    def handle(self, name: str, handler: Callable[..., Any], **declaration: Any) -> None:
        self.method(Method(name=name, handler=handler, **declaration))

    def allows(self, _principal: Principal, permission: str, device: DeviceId | None) -> bool:
        return permission not in self.denied and f"{permission}@{device}" not in self.denied

    @property
    def token(self) -> str:
        return self.tokens.issue(Principal(name="anna", provider="users"))["access_token"]

    def front(self) -> Front:
        destinations = Destinations(
            self.fleet, sets=lambda: {"group": lambda group, _principal: self.groups.get(group)}
        )
        parts: dict[str, Any] = {"dispatcher": self.dispatcher, "relay": self.relay, "destinations": destinations}
        self.clients = ClientSocket(
            identity=self.identity,
            bus=self.bus,
            pinger=self.client_pinger,
            limits=self.limits,
            tally=self.tally,
            **parts,
        )
        return Front(
            devices=DeviceSocket(
                services=self._services(),
                pinger=self.device_pinger,
                run_token=RUN_TOKEN,
                max_frame=100_000,
                tally=self.tally,
            ),
            clients=self.clients,
            rpc=HttpRpc(identity=self.identity, tally=self.tally, **parts),
            pages=Pages(
                version="1",
                authenticator=self.authenticator,
                tokens=self.tokens,
                access=lambda: Access(()),
                panels=list,
            ),
            metrics=Metrics(
                Measured(
                    tally=self.tally,
                    fleet=self.fleet,
                    bus=self.bus,
                    dispatcher=self.dispatcher,
                    relay=self.relay,
                    store=self.store,
                    history=lambda: HistoryStats(taken=5, written=4, waiting=1, spooled_bytes=0, is_spooling=False),
                    is_database_up=lambda: self.database_up,
                    plugins=lambda: {"x": {"calls": 3}},
                )
            ),
            identity=self.identity,
            allows=self.allows,
            routes=lambda: self.routes,
            is_database_up=lambda: self.database_up,
            trusted_proxies=[],
            tally=self.tally,
        )

    def _services(self) -> DeviceServices:
        voice, composer = Voice(self.bus), Composer(dict)
        return DeviceServices(
            fleet=self.fleet,
            voice=voice,
            storage=self.store,
            notifications=Notifications(voice=voice, stored=self.store.mark_status, types=dict, composer=composer),
            waiting_room=WaitingRoom(
                fleet=self.fleet, store=self.store, voice=voice, expel=lambda _device: None, tally=self.tally
            ),
            pacer=Pacer(8),
            rules=lambda: [("test", AdmissionRule(name="test", decide=self._decide))],
            types=dict,
            composer=composer,
            woken=lambda _twin: None,
            tally=self.tally,
            limits=LinkLimits(),
            times=DeviceTimes(hello_s=5, call_s=5),
        )

    async def _verify(self, name: str, password: str) -> Principal | None:
        return await self._find(name) if password == PASSWORD else None

    async def _find(self, name: str) -> Principal | None:
        if self.provider == "is away":
            raise Unavailable(part="users")
        if self.provider == "is limited":
            raise RateLimited(7)
        return Principal(name=name, provider="users") if name == "anna" else None

    async def _decide(self, candidate: Candidate) -> Verdict:
        self.candidates.append(candidate)
        return self.verdict


class Browser:
    """A program that speaks HTTP and websocket to the rim.

    Attributes:
        bearer: Headers that show a good token.
    """

    def __init__(self, rim: Rim, session: ClientSession) -> None:
        self.rim = rim
        self.session = session

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.rim.token}"}

    @property
    def basic(self) -> dict[str, str]:
        return {"Authorization": f"Basic {b64encode(f'anna:{PASSWORD}'.encode()).decode()}"}

    async def post(self, path: str, body: JSON, *, headers: dict[str, str] | None = None) -> tuple[int, JSON]:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        async with self.session.post(path, data=data, headers=self.bearer if headers is None else headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def get(self, path: str, *, headers: dict[str, str] | None = None) -> tuple[int, JSON]:
        async with self.session.get(path, headers=self.bearer if headers is None else headers) as response:
            text = await response.text()
            return response.status, json.loads(text) if text.startswith(("{", "[", '"')) else text

    @asynccontextmanager
    async def client(self, path: str = "/rpc", **options: Any) -> AsyncIterator[ClientWebSocketResponse]:
        options.setdefault("headers", self.bearer)
        async with self.session.ws_connect(path, **options) as ws:
            yield ws

    @asynccontextmanager
    async def shelly(self, device: str = ID, path: str = "/shelly") -> AsyncIterator[Shelly]:
        """A device that is connected, answers, and has sent nothing yet."""
        async with self.session.ws_connect(path, protocols=("json-rpc",)) as ws:
            shelly = Shelly(device, ws)
            running = asyncio.create_task(shelly.run())
            try:
                yield shelly
            finally:
                running.cancel()
                await asyncio.wait([running])


class Shelly:
    """A device on a real websocket: answers each request with its method and params, or with what is laid in."""

    def __init__(self, device: str, ws: ClientWebSocketResponse) -> None:
        self.id = device
        self.ws = ws
        self.answers: dict[str, JSON] = {"Shelly.GetDeviceInfo": {"result": {"id": device, "ver": "1.0.0"}}}
        self.delays: dict[str, float] = {}
        self.got: list[str] = []
        self.closed = asyncio.Event()

    async def hello(self) -> None:
        mac = self.id.rpartition("-")[2].upper()
        await self.notify(
            "NotifyFullStatus", {"ts": 5.0, "sys": {"mac": mac, "uptime": 9}, "switch:0": {"output": False}}
        )

    async def notify(self, method: str, params: JSON) -> None:
        await self.ws.send_json({"src": self.id, "dst": "ws", "method": method, "params": params})

    async def run(self) -> None:
        async for message in self.ws:
            if message.type is WSMsgType.TEXT:
                await self._answer(json.loads(message.data))
        self.closed.set()

    async def _answer(self, frame: JSONObject) -> None:
        if "method" not in frame:
            return
        self.got.append(frame["method"])
        answer = self.answers.get(
            frame["method"], {"result": {"method": frame["method"], "params": frame.get("params")}}
        )
        if answer is not None:
            await asyncio.sleep(self.delays.get(frame["method"], 0))
            await self.ws.send_json({"id": frame.get("id"), "src": self.id, **answer})


@pytest.fixture
async def rim() -> AsyncIterator[Rim]:
    rim = Rim()
    async with listening(Server(rim.front()).application(), "127.0.0.1", 0) as port:
        rim.url = f"http://127.0.0.1:{port}"
        yield rim
        await asyncio.gather(rim.client_pinger.close_all(2), rim.device_pinger.close_all(2))


@pytest.fixture
async def browser(rim: Rim) -> AsyncIterator[Browser]:
    async with ClientSession(rim.url, cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(rim, session)


@pytest.fixture(scope="session")
def cookie() -> Callable[[str], dict[str, str]]:
    """Headers with the session cookie of the web page."""
    return lambda token: {"Cookie": f"{SESSION_COOKIE}={token}"}


@pytest.fixture(scope="session")
def until() -> Until:
    """Wait until something has become true; the test's own time-out bounds it."""

    async def wait(condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.sleep(0.002)

    return wait
