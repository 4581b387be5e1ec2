"""Messages carried from one network to another."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import DNSIncoming, DNSOutgoing, DNSPointer, DNSQuestion  # type: ignore[attr-defined]  # not in __all__

from fleet_discovery.repeater.caution import BURST, MOST_KNOWN, RATE, WINDOW_S, Limit, Recent
from fleet_discovery.repeater.command import WRONG, run
from fleet_discovery.repeater.links import GROUP_4, PORT, BadInterfaceError, Interface, find_interface
from fleet_discovery.repeater.packets import MAX_BYTES, carried
from fleet_discovery.repeater.repeater import Repeater
from fleet_platform.simulator import Simulator
from tests.plugins.fleet_discovery.conftest import stranger

SHELLY = "_shelly._tcp.local."
PATIENCE_S = 60.0


def question(name: str = SHELLY, *, unicast: bool = False, number: int = 0) -> bytes:
    message = DNSOutgoing(0, id_=number)
    asked = DNSQuestion(name, 12, 1)
    asked.unicast = unicast
    message.add_question(asked)
    return message.packets()[0]


def answer(name: str) -> bytes:
    message = DNSOutgoing(0x8400)
    message.add_answer_at_time(DNSPointer(SHELLY, 12, 1, 120, f"{name}.{SHELLY}"), 0)
    return message.packets()[0]


# ---- what is carried -----------------------------------------------------------------------------------------


def test_a_question_for_an_answer_to_its_sender_becomes_one_for_all() -> None:
    assert carried(question(unicast=True, number=77)) == question()
    assert carried(question()) == question()
    assert carried(answer("plug")) == answer("plug")


def test_names_in_questions_may_point_to_earlier_ones() -> None:
    message = bytearray(question(unicast=True))
    message[5] = 2
    message += b"\xc0\x0c" + struct.pack(">HH", 16, 0x8001)
    sent = carried(bytes(message))
    assert sent is not None
    assert [(each.name, each.type, each.unicast) for each in DNSIncoming(sent).questions] == [
        (SHELLY, 12, False),
        (SHELLY, 16, False),
    ]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"rubbish",
        bytes(12),
        bytes(13),
        question()[:-1],
        answer("x") + bytes(MAX_BYTES),
        b"\0\0\x08\0\0\1" + question()[6:],
        b"\0\0\0\0\xff\xff" + question()[6:],
        question()[:12] + b"\x80" + question()[13:],
    ],
)
def test_what_is_no_message_is_not_carried(packet: bytes) -> None:
    assert carried(packet) is None


@given(st.binary(max_size=400))
def test_whatever_comes_is_carried_with_its_length_or_not_at_all(packet: bytes) -> None:
    sent = carried(packet)
    assert sent is None or (len(sent) == len(packet) and carried(sent) == sent)


def test_a_message_is_new_again_after_half_a_second_and_no_more_are_known_than_fit() -> None:
    now = [0.0]
    recent = Recent(lambda: now[0])
    assert recent.is_new(b"a")
    assert not recent.is_new(b"a")
    now[0] = WINDOW_S
    assert recent.is_new(b"a")
    for number in range(2 * MOST_KNOWN):
        recent.is_new(number.to_bytes(4, "big"))
    assert len(recent) == MOST_KNOWN


def test_a_storm_is_cut_to_a_rate() -> None:
    now = [0.0]
    limit = Limit(lambda: now[0])
    assert sum(limit.take() for _ in range(int(BURST) + 50)) == BURST
    now[0] = 1.0
    assert sum(limit.take() for _ in range(int(BURST))) == RATE


# ---- which networks ------------------------------------------------------------------------------------------


def test_a_network_is_named_by_its_interface_or_an_address_of_it() -> None:
    assert find_interface("lo").index == socket.if_nametoindex("lo")
    assert str(find_interface("127.0.0.1").address) == "127.0.0.1"
    for wrong in ("no-such-interface", "192.0.2.1", "::1", "", "x" * 300):
        with pytest.raises(BadInterfaceError):
            find_interface(wrong)


@pytest.mark.parametrize(
    ("arguments", "environ", "said"),
    [
        ([], {}, "--listen and --repeat"),
        (["--listen", "lo"], {"REPEAT_TO": ""}, "--listen and --repeat"),
        (["--listen", "lo", "--repeat", "lo"], {}, "not repeated to itself"),
        ([], {"LISTEN_ON": "lo", "REPEAT_TO": "lo"}, "not repeated to itself"),
        ([], {"MDNS_ON": "lo, no-such-one", "MDNS_TO": "lo"}, "no interface 'no-such-one'"),
        (["--nonsense"], {}, "unrecognized arguments"),
    ],
)
def test_wrong_usage_is_said_in_a_sentence(
    arguments: list[str], environ: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments, environ) == WRONG
    assert said in capsys.readouterr().err


# ---- for real, on one machine --------------------------------------------------------------------------------
#
# One interface stands for two networks: the groups have the same address and another port.


class Ear(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append(data)

    def names(self) -> set[str]:
        """Names of services that were announced."""
        return {
            record.alias
            for packet in self.heard
            for record in DNSIncoming(packet).answers()
            if isinstance(record, DNSPointer)
        }


@asynccontextmanager
async def party(port: int) -> AsyncIterator[tuple[Ear, Callable[[bytes], None]]]:
    """Somebody in one of the networks; gives what it hears, and how it speaks."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((GROUP_4, port))
    lo = socket.inet_aton("127.0.0.1")
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP_4) + lo)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, lo)
    sock.setblocking(False)
    transport, ear = await asyncio.get_running_loop().create_datagram_endpoint(Ear, sock=sock)
    yield ear, lambda packet: transport.sendto(packet, (GROUP_4, port))
    transport.close()


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ports() -> tuple[int, int]:
    """Of two networks of the test's own."""
    return free_port(), free_port()


def between(ports: tuple[int, int], *, both: bool, **more: Any) -> Repeater:
    one, other = find_interface("127.0.0.1"), find_interface("lo")
    by_text = {one.text: ports[0], other.text: ports[1]}
    return Repeater([one], [other], both=both, port=lambda interface: by_text[interface.text], **more)


async def test_what_a_device_announces_on_one_side_is_heard_on_the_other_and_so_are_questions(
    loud: Simulator,
) -> None:
    """The devices of the simulator are in the network with the real port."""
    far = free_port()
    async with between((PORT, far), both=True) as repeater, party(far) as (ear, say):
        device = await stranger(loud, seed=41)
        await until(lambda: f"{device.id}.{SHELLY}" in ear.names())
        ear.heard.clear()
        await until(lambda: say(question(unicast=True)) or f"{device.id}.{SHELLY}" in ear.names())
        assert repeater.tally["carried"] > 1
        assert repeater.routes[:1] == ["127.0.0.1 (IPv4) → lo (IPv4)"]


async def test_one_way_is_one_way(ports: tuple[int, int]) -> None:
    async with between(ports, both=False), party(ports[0]) as (near, say), party(ports[1]) as (far, answer_back):
        answer_back(answer("from-afar"))
        await until(lambda: far.heard)
        say(answer("from-here"))
        await until(lambda: f"from-here.{SHELLY}" in far.names())
        assert near.names() == {f"from-here.{SHELLY}"}


async def test_what_nobody_believes_here_is_not_made_believable_there(ports: tuple[int, int]) -> None:
    """An answer from another port than that of multicast DNS, which any program may use, and what is for one alone."""
    async with (
        between(ports, both=False) as repeater,
        party(ports[0]) as (_, say),
        party(ports[1]) as (far, _say),
    ):
        with sender() as anybody:
            anybody(answer("whispered"), ("127.0.0.1", ports[0]))  # as a machine of any network can
            anybody(answer("forged"), (GROUP_4, ports[0]))
            anybody(question("asked._tcp.local.", number=77), (GROUP_4, ports[0]))
        await until(lambda: far.heard)
        say(answer("plug"))
        await until(far.names)
        assert far.heard == [question("asked._tcp.local."), answer("plug")]
        assert repeater.tally == {"unofficial": 1, "carried": 2}


@contextmanager
def sender() -> Iterator[Callable[[bytes, tuple[str, int]], object]]:
    """Somebody without a port of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        yield sock.sendto


async def test_two_repeaters_between_the_same_networks_make_no_loop(ports: tuple[int, int]) -> None:
    async with (
        between(ports, both=True) as one,
        between(ports, both=True) as two,
        party(ports[0]) as (near, say),
        party(ports[1]) as (far, _),
    ):
        for number in range(5):
            say(answer(f"plug-{number}"))
        say(answer("the-last"))
        await until(lambda: f"the-last.{SHELLY}" in far.names())
        say(answer("nothing-more-of-the-others-before-this"))
        await until(lambda: any("nothing-more" in name for name in far.names()))
        counts = Counter(far.heard)
        # Each of the two may carry a message before it hears the other do so; neither does it twice.
        assert max(counts.values()) <= 2
        assert one.tally["carried"] + two.tally["carried"] <= 2 * 7
        assert len(near.heard) <= 7 * 2


async def test_a_storm_is_counted_and_rubbish_too(ports: tuple[int, int]) -> None:
    """No time passes for the repeater."""
    async with (
        between(ports, both=True, clock=lambda: 0.0) as repeater,
        party(ports[0]) as (_, say),
        party(ports[1]) as (far, _say),
    ):
        say(b"rubbish")
        say(answer("plug"))
        await until(lambda: far.heard)
        await until(lambda: say(answer("storm")) or repeater.tally["too_many"])
        assert repeater.tally["unreadable"] == 1
        assert repeater.tally["carried"] == 2
        assert repeater.tally["known"] >= BURST - 3


async def test_a_network_that_cannot_be_used_leaves_nothing_open() -> None:
    gone = Interface("gone", index=2**20)
    with pytest.raises(OSError, match="No such device"):
        await Repeater([find_interface("127.0.0.1")], [gone]).__aenter__()


async def carries(stderr: asyncio.StreamReader) -> None:
    """Return once a repeater says that it carries."""
    lines: list[str] = []
    while not any("carrying" in line for line in lines):
        lines.append((await stderr.readline()).decode())
        assert lines[-1], lines


async def test_the_command_runs_until_it_is_told_to_stop() -> None:
    """It is told between which networks in the environment, as a container would be."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "fleet_platform",
        "mdns-repeater",
        "--both",
        env={**os.environ, "LISTEN_ON": "127.0.0.1", "REPEAT_TO": "lo"},
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        await carries(process.stderr)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
