"""The inside of one simulated device: its components' behaviours on its state.

It has no task of its own. Everything happens on the event loop: a request comes in, a timer falls due, a test calls.
What changes is merged into the state at once; the session tells the server at the end of the turn.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from fleet_platform.simulator.device import rpc
from fleet_platform.simulator.device.addon import fit_addon
from fleet_platform.simulator.device.behaviours import Behaviours
from fleet_platform.simulator.device.blueprint import Origin
from fleet_platform.simulator.device.clock import refresh_sys
from fleet_platform.simulator.device.merge import UnfitSetting, apply_patch, merge_settings
from fleet_platform.simulator.device.power import Power
from fleet_platform.simulator.device.state import State
from fleet_platform.simulator.device.stores import Stores
from fleet_platform.simulator.outbound.dialler import Address, BadUrl, read_url
from fleet_platform.simulator.outbound.session import Session
from fleet_platform.simulator.outbound.trust import trusted
from fleet_platform.simulator.services.automation import Automation
from fleet_platform.simulator.world import World
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import invalid
from plugin_sdk.simulation import Behaviour, DeviceFault, Listener, Timer

_log = logging.getLogger(__name__)

_READ_ONLY = ("id", "cfg_rev")
"""What ``SetConfig`` may carry along, as ``GetConfig`` shows it, and never changes."""


class Machine:
    """A device as its components know it. Satisfies :class:`plugin_sdk.simulation.SimulatedDevice`.

    Attributes:
        world: What it shares with all others.
        home: The server that its simulator gave it; where it returns to when it has forgotten all else.
        origin: Where its profiles come from.
        state: What it is and knows.
        session: Its conversation with the server.
        power: Whether it is on, restarting or asleep.
        source: Who asked for the change being made, as Shelly spells it.
        still: Whether nothing moves by itself but the clock, as in a played dump.
    """

    __slots__ = (
        "_automation",
        "_behaviours",
        "_boots",
        "_clock_set_at",
        "_listeners",
        "_ram_base",
        "_random",
        "_started_at",
        "_stores",
        "_to_epoch",
        "home",
        "origin",
        "power",
        "session",
        "source",
        "state",
        "still",
        "world",
        "ws_changed",
    )

    def __init__(self, world: World, origin: Origin, address: Address, *, still: bool = False) -> None:
        self.world = world
        self.home = address
        self.origin = origin
        self.still = still
        self.source = "init"
        self.ws_changed = False
        self._to_epoch = world.wheel.to_epoch
        self.session = Session(self, address)
        self.power = Power(self)
        self._boots = 0
        self._listeners: tuple[Listener, ...] = ()
        self._random: Random | None = None
        self._stores: Stores | None = None
        self._automation: Automation | None = None
        self._behaviours = Behaviours(self)
        self.become(None)
        uptime_s = self.state.sys.get("uptime")  # of a dump, which may hold anything
        self._set_clocks(uptime_s=float(uptime_s) if isinstance(uptime_s, int | float) else 0.0)
        self._run()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.power.state})"

    # ---- identity and state -----------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The device's id."""
        return self.state.id

    @property
    def mac(self) -> str:
        """Twelve upper-case hexadecimal digits."""
        return self.id.rpartition("-")[2].upper()

    @property
    def random(self) -> Random:
        """The device's own generator."""
        if self._random is None:
            self._random = Random(f"{self.world.seed}:{self.mac}")  # noqa: S311 - plausible values, no secrets
        return self._random

    @property
    def stores(self) -> Stores:
        """What its services keep."""
        if self._stores is None:
            self._stores = Stores()
        return self._stores

    @property
    def automation(self) -> Automation:
        """What works on its jobs and hooks."""
        if self._automation is None:
            self._automation = Automation(self)
        return self._automation

    def become(self, profile: str | None) -> None:
        """Take the state of a profile; None is the one it starts in. Behaviours follow at the next boot.

        Raises:
            KeyError: It has no such profile.
        """
        self.state = State(self.origin.blueprint(profile))
        self._ram_base: int | None = self.state.sys.get("ram_free")
        self.session.learn_dialect()
        if not self.still:
            self._point_at(self.session.link.address)

    def change_profile(self, profile: str) -> None:
        """Take the components of another profile and keep the rest of the set-up; a played dump replaces all.

        Schedules and webhooks are gone, as the vendor's documentation of ``Shelly.SetProfile`` says.
        """
        before = self.state
        self.become(profile)
        if not self.still:
            self.state.keep_setup_of(before)
        if self._stores is not None:
            self._stores.keep_for(self.state.all_keys())
            self._count_up_where_told("schedule_rev", "webhook_rev")

    def forget(self) -> None:
        """Be as it left the factory, in the first profile; what was kept in flash is gone, but not the firmware.

        A real device would not know its network and its server either, and stay away until somebody set it up. Here
        the simulator's URL stands for what an installer sets up again: a device that somebody pointed elsewhere
        returns to it.
        """
        info = self.state.info
        self._stores = None
        self.ws_changed = False
        self.session.link.address = self.home
        self.become(None if self.still else next(iter(self.origin.profiles), None))
        self.state.wear(str(info.get("ver", "")), str(info.get("fw_id", "")))
        self.state.lose_setup()
        self.session.learn_dialect()

    def status(self, key: str) -> JSONObject:
        """The live status of a component; empty if it has none."""
        if key == "sys":
            self._refresh()
        return self.state.status.get(key, {})

    def config(self, key: str) -> JSONObject:
        """The settings of a component as they are now; empty if it has none."""
        found = self.state.config.get(key)
        return found if isinstance(found, dict) else {}

    def storage(self, key: str) -> JSONObject:
        """What a component keeps over restarts beside settings and status."""
        return self.stores.components.setdefault(key, {})

    def keys(self, component_type: str) -> list[ComponentKey]:
        """Keys of all components of a type, in order."""
        return self.state.keys(component_type)

    def full_status(self) -> JSONObject:
        """What ``Shelly.GetStatus`` answers."""
        self._refresh()
        return self.state.listed_status()

    def behaviour(self, key: str) -> Behaviour | None:
        """The behaviour of a component; None if its type does nothing by itself."""
        return self._behaviours.get(key)

    # ---- time -------------------------------------------------------------------------------------------

    def now(self) -> float:
        """The device's clock: UTC epoch seconds, or seconds since boot until the clock is set."""
        moment = self.world.wheel.now()
        return moment + self._to_epoch if moment >= self._clock_set_at else moment - self._started_at

    def epoch(self) -> float:
        """What the device's clock shows once it is set: UTC epoch seconds, unless a fault has moved it."""
        return self.world.wheel.now() + self._to_epoch

    def shift_clock(self, seconds: float) -> None:
        """Have the clock wrong by so much, once it is set; 0 sets it right."""
        self._to_epoch = self.world.wheel.to_epoch + seconds

    def uptime_s(self) -> float:
        """Seconds since boot."""
        return self.world.wheel.now() - self._started_at

    def after(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back once after a delay of simulated time; dropped when the device restarts."""
        boots = self._boots

        def due() -> None:
            if self._boots == boots:
                callback()

        return self.world.wheel.after(delay_s, due)

    # ---- what behaviours and tests do -------------------------------------------------------------------

    def report(self, key: str, patch: Mapping[str, JSON]) -> None:
        """Change a component's status and tell the server at the end of this turn."""
        status = self.state.status.setdefault(key, {})
        apply_patch(status, patch)
        if self.session.dialect.whole and ":" in key:
            patch = {**status, **patch}
        self.session.tell_status(key, patch)
        for listener in self._listeners:
            listener.tell_status(key, patch)

    def drift(self, key: str, patch: Mapping[str, JSON]) -> None:
        """Change a component's status and tell nobody."""
        apply_patch(self.state.status.setdefault(key, {}), patch)

    def emit(self, key: str, event: str, **data: JSON) -> None:
        """Send a ``NotifyEvent`` of a component at the end of this turn."""
        self.session.tell_event(key, event, data)
        for listener in self._listeners:
            listener.tell_event(key, event, data)

    def listen(self, listener: Listener) -> None:
        """Tell somebody else of all changes from now on."""
        self._listeners = (*self._listeners, listener)

    def ignore(self, listener: Listener) -> None:
        """Undo :meth:`listen`."""
        self._listeners = tuple(each for each in self._listeners if each is not listener)

    def config_changed(self, key: str, *, restart_required: bool = False) -> None:
        """Count ``sys.cfg_rev`` up, send ``config_changed`` and then the new revision's status."""
        revision = self.state.count_up("cfg_rev")
        if "cfg_rev" in self.config("sys"):
            self.state.config["sys"] = {**self.config("sys"), "cfg_rev": revision}
        self.emit(key, "config_changed", restart_required=restart_required, cfg_rev=revision)
        self.report("sys", {"cfg_rev": revision, **({"restart_required": True} if restart_required else {})})

    def set_config(self, key: str, patch: Mapping[str, JSON]) -> bool:
        """Change settings; returns whether that needs a restart. Nothing is told where nothing differs.

        Raises:
            DeviceFault: The component refuses the new settings; the old ones stay.
        """
        old = self.config(key)
        try:
            new, changes = merge_settings(old, {name: patch[name] for name in patch if name not in _READ_ONLY})
        except UnfitSetting as err:
            raise invalid(str(err)) from err
        if not changes:
            return False
        self.state.config[key] = new
        behaviour = self.behaviour(key)
        try:
            restart_required = behaviour is not None and behaviour.configured(changes)
        except DeviceFault:
            self.state.config[key] = old
            raise
        self.ws_changed |= key == "ws"
        if key == "sys" and "name" in changes.get("device", {}):
            self.state.info["name"] = changes["device"]["name"]
        self.config_changed(key, restart_required=restart_required)
        return restart_required

    def bump(self, revision: str) -> int:
        """Count up ``kvs_rev``, ``schedule_rev`` or ``webhook_rev`` and report it; returns the new number."""
        new = self.state.count_up(revision)
        self.report("sys", {revision: new})
        return new

    def call(self, method: str, params: Mapping[str, JSON] | None = None, *, source: str = "loopback") -> JSON:
        """Run one of the device's own RPC methods; the result is a ``Deferred`` where it takes its time.

        Raises:
            DeviceFault: As the method answers to anybody; -109 while the device is off or asleep.
        """
        self.power.check_awake()
        before, self.source = self.source, source
        try:
            return rpc.call(self, method, dict(params or {}))
        finally:
            self.source = before

    def signal(self, key: str, event: str) -> None:
        """Tell the other components what one of them noticed."""
        self._behaviours.signal(key, event)

    def add(
        self,
        key: str,
        *,
        status: Mapping[str, JSON],
        config: Mapping[str, JSON],
        attrs: Mapping[str, JSON] | None = None,
    ) -> None:
        """Create a dynamic component and tell the world."""
        self.state.add(key, status=status, config=config, attrs=dict(attrs or {}))
        self._behaviours.add(key)
        self.emit("sys", "component_added", target=key)
        self.config_changed("sys")

    def remove(self, key: str) -> None:
        """Delete a dynamic component and tell the world."""
        self.state.remove(key)
        self._behaviours.remove(key)
        self.emit("sys", "component_removed", target=key)
        self.config_changed("sys")

    def vary_one(self, key: str) -> None:
        """Have one component change a little, if it can."""
        self._behaviours.vary_one(key)

    def vary(self) -> bool:
        """Have the next component that can change a little do so; returns whether one did."""
        return self._behaviours.vary()

    # ---- life -------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Start anew: the clock is not set, and components take their initial states."""
        self._boots += 1
        self._set_clocks(uptime_s=0.0)
        if self.state.sys.get("restart_required"):
            self.state.sys["restart_required"] = False
        self.source = "init"
        fit_addon(self.state, self._stores)
        self._run()
        if self._stores is not None or self._automation is not None:
            self._resume()
        if not self.still:
            self._behaviours.boot()

    def stop(self, reason: str = "") -> None:
        """Stop all that runs inside: pending timers are dropped, and whoever listened is hung up on."""
        self._boots += 1
        for listener in self._listeners:
            listener.hang_up(reason)

    def booted(self) -> None:
        """It is ready: whoever listened can reach it again."""
        for listener in self._listeners:
            listener.come_up()

    def wants_connection(self) -> bool:
        """Read the settings of the outbound websocket, as firmware does at boot; returns whether to connect.

        Only settings that somebody changed count: until then the simulator's URL holds, whatever a dump says. A fault
        may keep the device away whatever they say.
        """
        if self.session.barred:
            return False
        if not self.ws_changed:
            return True
        settings, link = self.config("ws"), self.session.link
        server = settings.get("server")
        if not settings.get("enable") or not server:
            return False
        if server == self.home.shown:
            link.address = self.home
            return True
        try:
            address = read_url(str(server))
        except BadUrl:
            return False
        link.address = replace(address, trust=trusted(self.storage("files"), settings.get("ssl_ca")))
        return True

    def connection_changed(self, *, connected: bool) -> None:
        """Show the outbound websocket's state in ``ws``; a played dump keeps what it says."""
        if not self.still and "ws" in self.state.status:
            self.state.status["ws"]["connected"] = connected

    # ---- inside -----------------------------------------------------------------------------------------

    def _point_at(self, address: Address) -> None:
        """Show in ``ws`` where the device connects to, as its owner would have set it."""
        if "server" in self.config("ws"):
            self.state.config["ws"] = {**self.config("ws"), "server": address.shown}

    def _count_up_where_told(self, *revisions: str) -> None:
        for revision in revisions:
            if revision in self.state.sys:
                self.state.sys[revision] = self.state.count_up(revision)

    def _clock_is_set(self) -> bool:
        return self.world.wheel.now() >= self._clock_set_at

    def _set_clocks(self, *, uptime_s: float) -> None:
        self._started_at = self.world.wheel.now() - uptime_s
        self._clock_set_at = self._started_at + self.world.timing.clockless_s

    def _refresh(self) -> None:
        refresh_sys(
            self.state.sys,
            epoch_s=self.epoch() if self._clock_is_set() else None,
            uptime_s=self.uptime_s(),
            ram_base=self._ram_base,
        )

    def _run(self) -> None:
        self._behaviours.make(self.state.all_keys())
        if self.world.timing.minutes and not self.still:
            self.after(60 - self.uptime_s() % 60, self._minute)

    def _resume(self) -> None:
        try:
            self.automation.resume()
        except Exception:
            # What flash holds may come from outside; jobs and hooks that cannot be resumed must not leave it dark.
            _log.exception("simulated %s could not resume its jobs and hooks", self.id)

    def _minute(self) -> None:
        self.after(60, self._minute)
        self.source = "init"
        self._behaviours.minute()
