"""Scripts: kept, shown, started and stopped; of what they do, what :mod:`.script_code` understands is done.

A running script emits its events, also at its timers, and when something happens where it asked to hear of it: at any
event and any change of a status, but not at what scripts emit, nor at what its own handler causes. ``print`` goes
nowhere.

Source: captured notifications of a start and of a crash (notifications.jsonl), a dump of a running script for the
memory, Shelly Gen2+ API, "Script". Limits of running scripts, of timers and handlers, the shortest period and the size
of the code are not documented in the sources at hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from fleet_shelly.simulation.script_code import (
    BadCode,
    Block,
    Call,
    Emit,
    Fail,
    Handle,
    Invoke,
    Program,
    SetTimer,
    read_code,
    read_literal,
)
from plugin_sdk import JSON, ComponentKey, JSONObject
from plugin_sdk.arguments import flag, invalid, required, text, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler, SimulatedDevice, Timer

_CHUNK = 1024
_LARGEST = 262_144
_MOST_RUNNING = 5
_MOST_TIMERS = _MOST_HANDLERS = 5
_SHORTEST_S = 0.05
_DEEPEST = 8

_MEMORY = 25_200
_MEMORY_OF_ANY = 500
_MEMORY_TO_START = 2_100


class Script(Behaviour):
    """``script:N``. While it has handlers it listens to its device, as :class:`plugin_sdk.simulation.Listener`."""

    __slots__ = ("_busy", "_handlers", "_program", "_timers")

    def __init__(self, device: SimulatedDevice, key: ComponentKey) -> None:
        super().__init__(device, key)
        self._program: Program | None = None
        self._timers: list[Timer] = []
        self._handlers: list[Handle] = []
        self._busy = False

    def methods(self) -> Mapping[str, Handler]:
        """Run, stop, read and write."""
        return {
            "Start": self.start,
            "Stop": self.stop,
            "PutCode": self.put_code,
            "GetCode": self.get_code,
            "Eval": self.eval,
        }

    def start(self, _params: JSONObject) -> JSON:
        """Start it, if it does not run: ``{was_running}``; code that is none shows in the status.

        Raises:
            DeviceFault: -108 if too many others run.
        """
        if self.status.get("running"):
            return {"was_running": True}
        if self._others_running() >= _MOST_RUNNING:
            raise DeviceFault(-108, "Resource exhausted")
        self._start()
        return {"was_running": False}

    def stop(self, _params: JSONObject) -> JSON:
        """Stop it, if it runs: ``{was_running}``."""
        was_running = bool(self.status.get("running"))
        if was_running:
            self._halt()
            self.report(running=False)
            self._show_memory()
        return {"was_running": was_running}

    def put_code(self, params: JSONObject) -> JSON:
        """Write code, or append to it, not while it runs: ``{len}``."""
        required(params, "code")
        code = text(params, "code") or ""
        if self.status.get("running"):
            raise DeviceFault(-109, "Script is running")
        whole_code = (self._code() if flag(params, "append") else "") + code
        if len(whole_code) > _LARGEST:
            raise DeviceFault(-108, "Resource exhausted")
        self.device.storage(self.key)["code"] = whole_code
        return {"len": len(whole_code)}

    def get_code(self, params: JSONObject) -> JSON:
        """A piece of the code: ``{data, left}``."""
        code, offset = self._code(), whole(params, "offset") or 0
        piece = code[offset : offset + (whole(params, "len") or _CHUNK)]
        return {"data": piece, "left": max(0, len(code) - offset - len(piece))}

    def eval(self, params: JSONObject) -> JSON:
        """Do what a line says, in the running script: ``{result}``, which is ``undefined`` but for a literal."""
        required(params, "code")
        code = text(params, "code") or ""
        if not self.status.get("running"):
            raise DeviceFault(-109, "Script is not running")
        try:
            program = read_code(code)
        except BadCode as err:
            raise invalid("code") from err
        try:
            return {"result": json.dumps(read_literal(code), ensure_ascii=False)}
        except ValueError:
            self._run(program.start)
        return {"result": "undefined"}

    def boot(self) -> None:
        """Enabled scripts start with the device."""
        if self.config.get("enable") and self._others_running() < _MOST_RUNNING:
            self._start()
        elif self.status.get("running") or "mem_used" in self.status:
            self.report(running=False)
            self._show_memory()

    def press(self, gesture: str) -> bool:
        """Have it emit an event while it runs: ``emit NAME`` or ``emit NAME {"any": "JSON"}``."""
        verb, _, rest = gesture.partition(" ")
        name, _, data = rest.strip().partition(" ")
        if verb != "emit" or not name or not self.status.get("running"):
            return False
        try:
            told = {"data": json.loads(data)} if data.strip() else {}
        except json.JSONDecodeError:
            return False
        self.device.emit(self.key, name, **told)
        return True

    # ---- what it hears ----------------------------------------------------------------------------------

    def tell_status(self, key: str, patch: Mapping[str, JSON]) -> None:  # noqa: ARG002 - as listeners have it
        """A component's status changed."""
        self._hear(key, status=True)

    def tell_event(self, key: str, event: str, data: Mapping[str, JSON]) -> None:  # noqa: ARG002 - as listeners have it
        """A component emitted an event."""
        self._hear(key, status=False)

    def hang_up(self, reason: str) -> None:  # noqa: ARG002 - as listeners have it
        """The device goes down; at the next boot there is another object for this script."""
        self.device.ignore(self)

    def come_up(self) -> None:
        """The device is there again; a script that listens does not live so long."""

    # ---- inside -----------------------------------------------------------------------------------------

    def _code(self) -> str:
        return str(self.device.storage(self.key).get("code", ""))

    def _others_running(self) -> int:
        keys = self.device.keys("script")
        return sum(key != self.key and bool(self.device.status(key).get("running")) for key in keys)

    def _start(self) -> None:
        try:
            self._program = read_code(self._code())
        except BadCode as err:
            self.report(error_msg=err.told, errors=["syntax_error"], running=False)
            return
        self.report(error_msg=None, errors=[], running=True)
        self._show_memory()
        self._run(self._program.start)

    def _halt(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._handlers:
            self._handlers.clear()
            self.device.ignore(self)

    def _show_memory(self) -> None:
        """A real one tells of its memory when it is asked only."""
        if not self.status.get("running"):
            self.device.drift(self.key, {"mem_used": None, "mem_peak": None, "mem_free": _MEMORY})
            return
        used = min(_MEMORY_OF_ANY + len(self._code()), _MEMORY - _MEMORY_TO_START)
        patch = {"mem_used": used, "mem_peak": used + _MEMORY_TO_START, "mem_free": _MEMORY - used}
        self.device.drift(self.key, patch)

    def _hear(self, key: str, *, status: bool) -> None:
        if self._busy or key.startswith("script:"):
            return
        self._busy = True
        try:
            for handler in tuple(self._handlers):
                if handler.status is status:
                    self._run(handler.block)
        finally:
            self._busy = False

    def _run(self, block: Block, depth: int = 0) -> None:
        for action in block:
            if not self.status.get("running"):
                return  # it had itself stopped, or failed
            match action:
                case Emit(name, data, has_data):
                    self.device.emit(self.key, name, **({"data": data} if has_data else {}))
                case Call(method, params):
                    self._call(method, params)
                case Fail(told, kind):
                    self._halt()
                    self.report(error_msg=told, errors=[kind], running=False)
                    self._show_memory()
                case Invoke(name) if depth < _DEEPEST and self._program is not None:
                    self._run(self._program.functions.get(name, ()), depth + 1)
                case SetTimer() if len(self._timers) < _MOST_TIMERS:
                    self._set(action)
                case Handle() if len(self._handlers) < _MOST_HANDLERS:
                    if not self._handlers:
                        self.device.listen(self)
                    self._handlers.append(action)
                case _:
                    pass  # more than a script may have

    def _call(self, method: str, params: Mapping[str, JSON]) -> None:
        try:
            self.device.call(method, params)
        except DeviceFault:
            return  # the script's callback would hear of it

    def _set(self, wanted: SetTimer) -> None:
        delay_s = max(wanted.period_ms / 1000, _SHORTEST_S)

        def due() -> None:
            self._timers.remove(timer)
            if wanted.repeat:
                self._set(wanted)
            self._run(wanted.block)

        timer = self.device.after(delay_s, due)
        self._timers.append(timer)
