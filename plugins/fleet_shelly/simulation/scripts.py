"""Scripts. Their code is kept and shown, and not run."""

from __future__ import annotations

from collections.abc import Mapping

from plugin_sdk import JSON, JSONObject
from plugin_sdk.arguments import flag, required, text, whole
from plugin_sdk.simulation import Behaviour, DeviceFault, Handler

_CHUNK = 1024
_MEMORY = 25_200


class Script(Behaviour):
    """``script:N``."""

    __slots__ = ()

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
        """Start it, if it does not run."""
        was_running = bool(self.status.get("running"))
        if not was_running:
            self.report(running=True, errors=[], error_msg=None)
        return {"was_running": was_running}

    def stop(self, _params: JSONObject) -> JSON:
        """Stop it, if it runs."""
        was_running = bool(self.status.get("running"))
        if was_running:
            self.report(running=False)
        return {"was_running": was_running}

    def put_code(self, params: JSONObject) -> JSON:
        """Write code, or append to it; not while it runs."""
        required(params, "code")
        code = text(params, "code") or ""
        if self.status.get("running"):
            raise DeviceFault(-109, "Script is running")
        kept = self.device.storage(self.key)
        kept["code"] = (kept.get("code", "") if flag(params, "append") else "") + code
        return {"len": len(kept["code"])}

    def get_code(self, params: JSONObject) -> JSON:
        """A piece of the code."""
        code: str = self.device.storage(self.key).get("code", "")
        offset = whole(params, "offset") or 0
        piece = code[offset : offset + (whole(params, "len") or _CHUNK)]
        return {"data": piece, "left": max(0, len(code) - offset - len(piece))}

    def eval(self, params: JSONObject) -> JSON:
        """Pretend to run a line in the running script."""
        required(params, "code")
        if not self.status.get("running"):
            raise DeviceFault(-109, "Script is not running")
        return {"result": "undefined"}

    def boot(self) -> None:
        """Enabled scripts start with the device."""
        self.report(running=bool(self.config.get("enable")), mem_free=_MEMORY)
