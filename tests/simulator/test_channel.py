"""The websocket on the wire, against a real server and against one that misbehaves."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from fleet_platform.simulator import Simulator, Timing
from fleet_platform.simulator.outbound.frames import CLOSE, TEXT
from plugin_sdk import ComponentType

if TYPE_CHECKING:
    from tests.simulator.conftest import Eventually, Home

Answer = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def odd_server() -> AsyncIterator[Callable[[Answer], Awaitable[str]]]:
    """A TCP server that answers a handshake in a way of the test's own; returns its URL."""
    servers: list[asyncio.Server] = []

    async def start(answer: Answer) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            await answer(head, reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/shelly"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


async def test_the_handshake_asks_for_json_rpc_below_the_token(home: Home, types: dict[str, ComponentType]) -> None:
    async with Simulator(f"{home.url}?site=north", token="t0ken", types=types) as sim:
        device = await sim.add("Plus1PM")
        visit = home.visit((await home.until(lambda: home.frames(device.id)))[0]["src"])
    assert visit.path == "/shelly/t0ken?site=north"
    assert visit.headers["Sec-WebSocket-Protocol"] == "json-rpc"
    assert visit.headers["Sec-WebSocket-Version"] == "13"
    assert "Sec-WebSocket-Extensions" not in visit.headers
    assert "Origin" not in visit.headers
    assert visit.ws.ws_protocol == "json-rpc"


async def test_a_ping_is_answered_with_its_payload(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    await visit.ws.ping(b"are you there")
    assert await home.call(device.id, "Shelly.GetDeviceInfo")


async def test_a_large_request_and_a_large_reply_pass(home: Home, sim: Simulator) -> None:
    device = await sim.add("S1G3")
    await home.call(device.id, "Script.Create", name="long")
    code = "x" * 200_000
    assert await home.call(device.id, "Script.PutCode", id=1, code=code) == {"len": len(code)}
    assert await home.call(device.id, "Script.GetCode", id=1, len=len(code)) == {"data": code, "left": 0}


async def test_the_server_learns_why_a_device_closes(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    device.session.link.disconnect(1000, "Bye")
    visit = home.visit(device.id)
    await home.until(lambda: visit.closed)
    assert visit.closed is not None
    assert visit.closed[0] == 1000
    await device.disconnected()


async def test_the_device_learns_why_the_server_closes(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    await home.visit(device.id).ws.close(code=1008, message=b"not here")
    await device.disconnected()
    assert device.closed == (1008, "not here")


async def test_a_refused_upgrade_is_tried_again(home: Home, sim: Simulator, eventually: Eventually) -> None:
    home.refuse_with = 403
    device = await sim.add("Plus1PM", wait=False)
    await eventually(lambda: sim.stats.failures >= 3)
    assert device.closed == (403, "upgrade refused")
    home.refuse_with = None
    await device.connected()


async def test_nobody_at_the_address_is_tried_again(types: dict[str, ComponentType], eventually: Eventually) -> None:
    async with Simulator("ws://127.0.0.1:9/shelly", types=types) as sim:
        device = await sim.add("Plus1PM", wait=False)
        await eventually(lambda: sim.stats.failures)
        assert device.closed is not None
        assert device.closed[0] == 0


async def test_a_server_that_does_not_know_the_key_is_refused(
    odd_server: Callable[[Answer], Awaitable[str]], types: dict[str, ComponentType], eventually: Eventually
) -> None:
    async def lie(_head: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: bm90IGl0\r\n\r\n")
        await writer.drain()

    async with Simulator(await odd_server(lie), types=types) as sim:
        device = await sim.add("Plus1PM", wait=False)
        await eventually(lambda: device.closed is not None)
        assert device.closed == (1002, "upgrade refused")
        assert sim.stats.connections == 0


async def test_frames_that_come_with_the_handshake_are_read(
    odd_server: Callable[[Answer], Awaitable[str]], types: dict[str, ComponentType], eventually: Eventually
) -> None:
    request = json.dumps({"id": 1, "src": "x", "method": "Shelly.GetDeviceInfo"}).encode()

    async def hurry(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accept(head) + bytes([0x81, len(request)]) + request)
        await writer.drain()
        await reader.read(10_000)

    async with Simulator(await odd_server(hurry), types=types) as sim:
        device = await sim.add("Plus1PM")
        await eventually(lambda: device.requests)
        assert device.requests == ["Shelly.GetDeviceInfo"]


async def test_a_server_that_breaks_the_protocol_is_left_with_a_close_code(
    odd_server: Callable[[Answer], Awaitable[str]], types: dict[str, ComponentType], eventually: Eventually
) -> None:
    async def mask(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accept(head) + b"\x81\x80\x00\x00\x00\x00")
        await writer.drain()
        await reader.read(10_000)

    async with Simulator(await odd_server(mask), types=types) as sim:
        device = await sim.add("Plus1PM", wait=False)
        await eventually(lambda: device.closed is not None)
        assert device.closed == (1002, "a server must not mask")


async def test_garbage_and_half_frames_leave_as_they_were_written(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    device.send_text('{"half":')
    device.send_binary(b"\x00\x01")
    await home.until(lambda: len(visit.texts) >= 3)
    assert visit.texts[-2:] == ['{"half":', b"\x00\x01"]
    device.send_raw(b"\x81\xff")
    await device.drop()
    await home.until(lambda: visit.closed)
    assert visit.closed is not None
    assert visit.closed[0] == 1006


async def test_a_text_in_fragments_arrives_whole(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    visit = home.visit(device.id)
    channel = device.session.link.channel
    assert channel is not None
    channel.send_fragments([b'{"a":', b"1", b"}"])
    await home.until(lambda: '{"a":1}' in visit.texts)


async def test_a_frozen_device_answers_nothing_until_it_thaws(home: Home, sim: Simulator) -> None:
    device = await sim.add("Plus1PM")
    await home.until(lambda: home.frames(device.id))
    device.freeze()
    asked = asyncio.create_task(home.ask(device.id, "Shelly.GetDeviceInfo"))
    done, _ = await asyncio.wait([asked], timeout=0.2)
    assert not done
    device.thaw()
    assert (await asked)["result"]["id"] == device.id


async def test_news_for_a_server_that_does_not_read_are_merged_and_told_later(
    odd_server: Callable[[Answer], Awaitable[str]], types: dict[str, ComponentType], eventually: Eventually
) -> None:
    read_on = asyncio.Event()
    received = bytearray()

    async def doze(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accept(head))
        await writer.drain()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # the transport of a stream can
        await read_on.wait()
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        while data := await reader.read(65_536):
            received.extend(data)

    async with Simulator(await odd_server(doze), types=types) as sim:
        device = await sim.add("Plus1PM")
        channel = device.session.link.channel
        assert channel is not None
        filler = b"x" * 500_000
        while channel.writable:
            device.send_text(filler)
        told = sim.stats.notifications
        for watts in range(500):
            device.report("switch:0", {"apower": watts})
            await asyncio.sleep(0)
        assert sim.stats.notifications == told
        read_on.set()
        await eventually(lambda: sim.stats.notifications != told)
        assert sim.stats.notifications == told + 1


async def test_a_server_that_does_not_read_its_answers_is_not_read_from(
    odd_server: Callable[[Answer], Awaitable[str]], types: dict[str, ComponentType], eventually: Eventually
) -> None:
    asking, ready, asked, read_on = 1_000, *(asyncio.Event() for _ in range(3))
    answers: list[int] = []

    async def ask_and_doze(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # the transport of a stream can
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        writer.write(accept(head))
        await ready.wait()
        for number in range(asking):
            request = json.dumps({"id": number, "src": "x", "method": "Shelly.GetConfig"}).encode()
            writer.write(bytes([0x81, len(request)]) + request)
        asked.set()
        await read_on.wait()
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        while len(answers) < asking:
            opcode, payload = await next_frame(reader)
            assert opcode == TEXT
            frame = json.loads(payload)
            if "result" in frame:
                answers.append(frame["id"])

    async with Simulator(await odd_server(ask_and_doze), types=types, timing=Timing(minutes=False)) as sim:
        device = await sim.add("Pro4PM")
        channel = device.session.link.channel
        assert channel is not None
        transport = channel._transport
        assert transport is not None
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        ready.set()
        await asked.wait()
        await eventually(lambda: not channel.writable)
        for _ in range(100):  # what is to be read is there already
            await asyncio.sleep(0)
        assert sim.stats.requests < asking
        assert transport.get_write_buffer_size() < 2 * 65_536
        read_on.set()
        await eventually(lambda: len(answers) == asking)
        assert answers == list(range(asking)), "each once, in order"
        assert channel.writable


async def test_the_close_frame_is_the_last_word(
    odd_server: Callable[[Answer], Awaitable[str]], types: dict[str, ComponentType], eventually: Eventually
) -> None:
    opcodes: list[int] = []
    ended = asyncio.Event()

    async def listen(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accept(head))
        while CLOSE not in opcodes:
            opcodes.append((await next_frame(reader))[0])
        writer.write(bytes([0x80 | CLOSE, 0]))
        with suppress(asyncio.IncompleteReadError):
            while True:
                opcodes.append((await next_frame(reader))[0])
        ended.set()

    async with Simulator(await odd_server(listen), types=types, timing=Timing(minutes=False)) as sim:
        device = await sim.add("Plus1PM")
        device.report("switch:0", {"apower": 1.0})
        device.session.flush()
        told = sim.stats.notifications
        device.session.link.disconnect(1000, "Bye")
        device.report("switch:0", {"apower": 2.0})
        device.session.flush()
        device.send_text("x")
        await eventually(ended.is_set)
        assert opcodes == [TEXT, TEXT, CLOSE]
        assert sim.stats.notifications == told


async def next_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next frame of a device: its opcode, and what is in it."""
    head, size = await reader.readexactly(2)
    size &= 0x7F
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    mask = await reader.readexactly(4)
    masked = await reader.readexactly(size)
    return head & 0x0F, bytes(byte ^ mask[0] for byte in masked)


def accept(head: bytes) -> bytes:
    """The reply of a server that speaks websocket."""
    import base64
    import hashlib

    key = head.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    proof = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + proof + b"\r\n\r\n"
