"""One door for every method of the platform, whoever knocks: look up, authorise, check, call, translate errors.

The only place where an unexpected exception of a handler becomes an answer.
"""

from __future__ import annotations

import asyncio
import difflib
import inspect
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from fleet_platform.rpc.methods import BoundMethod
from plugin_sdk import JSON, Call, DeviceId, Principal
from plugin_sdk.errors import CallTimeout, FleetError, InternalError, MethodNotFound, PermissionDenied, PluginError

logger = logging.getLogger(__name__)

Allows = Callable[[Principal, str, DeviceId | None], bool]


class Dispatcher:
    """Calls methods by name.

    Args:
        allows: ``(principal, permission, device)``: whether a call may go ahead.

    Attributes:
        methods: Lower-case name to method, aliases included. Replaced as a whole when plugins change; a call
            that has begun keeps the method it found.
        calls: How many calls of each method there were.
        errors: How many of them failed, by method and error code.
    """

    def __init__(self, allows: Allows) -> None:
        self._allows = allows
        self.methods: Mapping[str, BoundMethod] = {}
        self.calls: Counter[str] = Counter()
        self.errors: Counter[tuple[str, int]] = Counter()

    async def invoke(self, method: str, params: JSON, *, call: Call, read_only: bool = False) -> Any:
        """Call a method and return its result.

        Args:
            read_only: Only methods that change nothing may be called (HTTP ``GET``).

        Raises:
            FleetError: Whatever went wrong, in a form that may be sent to the caller.
        """
        bound = self.find(method)
        self.calls[bound.name] += 1
        try:
            self._authorise(bound, call, read_only=read_only)
            return await self._run(bound, params, call)
        except FleetError as error:
            self.errors[bound.name, error.code] += 1
            raise

    def find(self, method: str) -> BoundMethod:
        """The method of a name in any case.

        Raises:
            MethodNotFound: There is none; names the nearest one.
        """
        bound = self.methods.get(method.lower())
        if bound is None:
            near = difflib.get_close_matches(method[:100].lower(), self.methods, n=1)
            raise MethodNotFound(method=method[:100], did_you_mean=self.methods[near[0]].name if near else None)
        return bound

    def _authorise(self, bound: BoundMethod, call: Call, *, read_only: bool) -> None:
        if read_only and not bound.read_only:
            raise PermissionDenied("this method changes something and is not called by GET", reason="not_read_only")
        if bound.anonymous:
            return
        if call.principal is None:
            raise PermissionDenied(reason="not_signed_in")
        if not self._allows(call.principal, bound.permission, None):
            raise PermissionDenied(permission=bound.permission)

    async def _run(self, bound: BoundMethod, params: JSON, call: Call) -> Any:
        where = f"method {bound.name} of plugin {bound.plugin}"
        try:
            async with asyncio.timeout(bound.timeout_s) as deadline:
                result = bound.call(bound.check(params), call)
                return await result if inspect.isawaitable(result) else result
        except PluginError as error:
            raise unexpected(error, where) from error
        except FleetError:
            raise
        except TimeoutError as error:
            if deadline.expired():
                raise CallTimeout(timeout_s=bound.timeout_s) from error
            raise unexpected(error, where) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled the call: the handler waited for something that was cancelled.
            raise unexpected(error, where) from error
        except Exception as error:  # a handler may be anybody's code: its bugs must not reach the wire or a neighbour
            raise unexpected(error, where) from error


def unexpected(error: BaseException, where: str) -> InternalError:
    """Log an exception under a correlation id; the caller gets the id and nothing else."""
    correlation_id = secrets.token_hex(6)
    logger.error("%s failed unexpectedly [%s]", where, correlation_id, exc_info=error)
    return InternalError(correlation_id)
