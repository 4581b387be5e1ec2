"""One door for all methods: the order of questions, deadlines, and what of a fault reaches the caller."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BeforeValidator

from fleet_platform.rpc.calls import SocketCall, caller, outbox_of
from plugin_sdk import Call, Principal
from plugin_sdk.errors import (
    CallTimeout,
    FleetError,
    InternalError,
    InvalidParams,
    InvalidRequest,
    MethodNotFound,
    NotFound,
    PermissionDenied,
    PluginError,
)

if TYPE_CHECKING:
    from tests.rpc.conftest import Client, World

CANARY = "canary-text-of-an-exception"


async def fails(world: World, kind: type[FleetError], method: str, params: Any = None, **call: Any) -> FleetError:
    with pytest.raises(kind) as caught:
        await world.dispatcher.invoke(method, params, call=world.call(**call))
    return caught.value


async def test_methods_are_found_in_any_case_and_by_their_aliases(world: World) -> None:
    world.method(lambda: "done", aliases=("Old.Name",))
    for name in ("Test.Do", "test.do", "TEST.DO", "old.name"):
        assert await world.dispatcher.invoke(name, None, call=world.call()) == "done"
    assert world.dispatcher.calls == {"Test.Do": 4}


@pytest.mark.parametrize("name", ["Test.Dw", "", "x" * 100_000, "Test", "Test.Do "])
async def test_an_unknown_method_names_the_nearest(world: World, name: str) -> None:
    world.method(lambda: None)
    error = await fails(world, MethodNotFound, name)
    assert error.code == -32601
    assert error.data["method"] == name[:100]
    assert error.data.get("did_you_mean") in ("Test.Do", None)


async def test_existence_comes_before_permission_before_parameters(world: World) -> None:
    world.method(lambda: None)
    world.denied.add(("admin", "test.do"))
    assert (await fails(world, PermissionDenied, "Test.Do", {"unknown": 1})).data == {"permission": "test.do"}
    await fails(world, MethodNotFound, "Test.Dont", {"unknown": 1})
    world.denied.clear()
    await fails(world, InvalidParams, "Test.Do", {"unknown": 1})


async def test_nobody_may_call_anonymous_methods_alone(world: World) -> None:
    world.method(lambda: "in", "User.Authenticate", anonymous=True)
    world.method(lambda: None)
    assert await world.dispatcher.invoke("User.Authenticate", None, call=world.call(None)) == "in"
    error = await fails(world, PermissionDenied, "Test.Do", {"unknown": 1}, principal=None)
    assert error.data == {"reason": "not_signed_in"}


async def test_a_get_calls_only_what_changes_nothing(world: World) -> None:
    world.method(lambda: 1, "Test.Get", read_only=True)
    world.method(lambda: 2, "Test.Set")
    assert await world.dispatcher.invoke("Test.Get", None, call=world.call(), read_only=True) == 1
    with pytest.raises(PermissionDenied) as caught:
        await world.dispatcher.invoke("Test.Set", None, call=world.call(), read_only=True)
    assert caught.value.data == {"reason": "not_read_only"}


async def test_a_method_that_takes_too_long_is_ended(world: World) -> None:
    ended = asyncio.Event()

    async def handler() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    world.method(handler, timeout_s=0.01)
    assert (await fails(world, CallTimeout, "Test.Do")).data == {"timeout_s": 0.01}
    assert ended.is_set()


async def test_errors_of_the_platform_pass_as_they_are(world: World) -> None:
    error = NotFound(thing="x")

    async def handler() -> None:
        raise error

    world.method(handler)
    assert await fails(world, NotFound, "Test.Do") is error
    assert world.dispatcher.errors == {("Test.Do", -32004): 1}


def _raise(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError(CANARY),
        TimeoutError(CANARY),
        KeyError(CANARY),
        PluginError(CANARY),
        ExceptionGroup(CANARY, [OSError()]),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
async def test_an_unexpected_exception_gives_a_correlation_id_and_no_text(
    world: World, error: Exception, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler() -> None:
        _raise(error)

    world.method(handler if is_async else lambda: _raise(error))
    told = (await fails(world, InternalError, "Test.Do")).to_json()
    assert list(told["data"]) == ["correlation_id"]
    assert CANARY not in str(told)
    (record,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert told["data"]["correlation_id"] in record.getMessage()
    assert CANARY in caplog.text
    assert world.dispatcher.errors == {("Test.Do", -32603): 1}


async def test_a_parameter_check_that_raises_is_as_unexpected(world: World) -> None:
    def handler(a: Annotated[int, BeforeValidator(lambda value: value["x"])]) -> None: ...

    world.method(handler)
    await fails(world, InternalError, "Test.Do", {"a": {}})


async def test_a_handler_that_ends_cancelled_by_itself_is_answered(world: World) -> None:
    async def handler() -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    world.method(handler)
    await fails(world, InternalError, "Test.Do")


async def test_a_caller_that_is_cancelled_ends_the_handler(world: World) -> None:
    ended = asyncio.Event()

    async def handler() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    world.method(handler)
    task = asyncio.ensure_future(world.dispatcher.invoke("Test.Do", None, call=world.call()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert ended.is_set()


async def test_a_call_keeps_the_method_it_found_while_the_table_is_replaced(world: World) -> None:
    proceed = asyncio.Event()

    async def handler() -> str:
        await proceed.wait()
        return "old"

    world.method(handler)
    task = asyncio.ensure_future(world.dispatcher.invoke("Test.Do", None, call=world.call()))
    await asyncio.sleep(0)
    world.dispatcher.methods = {}
    proceed.set()
    assert await task == "old"
    await fails(world, MethodNotFound, "Test.Do")


async def test_a_handler_knows_who_calls(world: World) -> None:
    world.method(_who, "Test.Who")
    assert await world.dispatcher.invoke("Test.Who", None, call=world.call(src="me", remote="192.0.2.1")) == (
        "admin",
        "me",
        "192.0.2.1",
    )


def _who(call: Call) -> Any:
    return caller(call).name, call.src, call.remote


async def test_what_needs_a_websocket_or_a_user_says_so(client: Client) -> None:
    nobody = Call(principal=None, request_id="r")
    with pytest.raises(PermissionDenied):
        caller(nobody)
    with pytest.raises(InvalidRequest):
        outbox_of(nobody)
    principal = Principal(name="a", provider="p")
    assert outbox_of(SocketCall(principal=principal, request_id="r", outbox=client.outbox)) is client.outbox
