"""What a Shelly Plus 1PM reports: info, settings, status and a 300-byte notification, as JSON text.

Every device has its own id, MAC and values. The shapes are those of firmware 1.7.
"""

from __future__ import annotations

import orjson

PREFIX = "shellyplus1pm-"
FIRST_MARK = 1_000_000
MARK_DIGITS = 7
"""All marks have them, so that every notification has the same length."""

MARK_KEY = b'"apower":'
CLOCK = 1_779_362_100


def mac(index: int) -> str:
    """MAC of the device with this number, as the firmware writes it: twelve capital digits."""
    return f"A8032A{index:06X}"


def device_id(index: int) -> str:
    """Id of the device with this number."""
    return PREFIX + mac(index).lower()


def info(index: int) -> bytes:
    """Answer to ``Shelly.GetDeviceInfo``."""
    return orjson.dumps(
        {
            "name": f"Pump {index}",
            "id": device_id(index),
            "mac": mac(index),
            "slot": 0,
            "model": "SNSW-001P16EU",
            "gen": 2,
            "fw_id": "20260311-095847/1.7.5-g9979d16",
            "ver": "1.7.5",
            "app": "Plus1PM",
            "auth_en": False,
            "auth_domain": None,
        }
    )


def settings(index: int) -> bytes:
    """Answer to ``Shelly.GetConfig``, about 1.7 kB."""
    name = device_id(index)
    station = {"ipv4mode": "dhcp", "ip": None, "netmask": None, "gw": None, "nameserver": None}
    return orjson.dumps(
        {
            "ble": {"enable": True, "rpc": {"enable": True}},
            "cloud": {"enable": False, "server": "iot.shelly.cloud:6012/jrpc"},
            "input:0": {
                "id": 0,
                "name": f"Wall switch {index}",
                "type": "switch",
                "enable": True,
                "invert": False,
                "factory_reset": True,
            },
            "mqtt": {
                "enable": False,
                "server": None,
                "client_id": name,
                "user": None,
                "ssl_ca": None,
                "topic_prefix": name,
                "rpc_ntf": True,
                "status_ntf": False,
                "use_client_cert": False,
                "enable_rpc": True,
                "enable_control": True,
            },
            "switch:0": {
                "id": 0,
                "name": f"Circulation pump {index}",
                "in_mode": "follow",
                "in_locked": False,
                "initial_state": "match_input",
                "auto_on": False,
                "auto_on_delay": 60.0,
                "auto_off": False,
                "auto_off_delay": 60.0,
                "power_limit": 4480,
                "voltage_limit": 280,
                "undervoltage_limit": 0,
                "autorecover_voltage_errors": False,
                "current_limit": 16.0,
            },
            "sys": {
                "device": {
                    "name": f"Pump {index}",
                    "mac": mac(index),
                    "fw_id": "20260311-095847/1.7.5-g9979d16",
                    "discoverable": True,
                    "eco_mode": False,
                    "addon_type": None,
                },
                "location": {"tz": "Europe/Sofia", "lat": 42.6975, "lon": 23.3241},
                "debug": {
                    "level": 2,
                    "file_level": None,
                    "mqtt": {"enable": False},
                    "websocket": {"enable": False},
                    "udp": {"addr": None},
                },
                "ui_data": {},
                "rpc_udp": {"dst_addr": None, "listen_port": None},
                "sntp": {"server": "time.cloudflare.com"},
                "cfg_rev": 27,
            },
            "wifi": {
                "ap": {"ssid": name, "is_open": True, "enable": False, "range_extender": {"enable": False}},
                "sta": {"ssid": "plant", "is_open": False, "enable": True, **station},
                "sta1": {"ssid": None, "is_open": True, "enable": False, **station},
                "roam": {"rssi_thr": -80, "interval": 60},
            },
            "ws": {"enable": True, "server": "ws://fleet.example:7011/shelly", "ssl_ca": "*"},
        }
    )


def status(index: int, uptime_s: int) -> bytes:
    """Params of ``NotifyFullStatus`` without ``ts``, about 864 bytes; the revisions never change."""
    now = CLOCK + uptime_s
    return orjson.dumps(
        {
            "ble": {},
            "bthome": {},
            "cloud": {"connected": False},
            "input:0": {"id": 0, "state": False},
            "mqtt": {"connected": False},
            "switch:0": {
                "id": 0,
                "source": "WS_in",
                "output": True,
                "apower": FIRST_MARK,
                "voltage": 230.1 + index % 50 / 10,
                "freq": 50.0,
                "pf": 0.98,
                "current": 0.251 + index % 100 / 1000,
                "aenergy": {
                    "total": 1042.361 + index,
                    "by_minute": [142.353, 140.252, 141.411],
                    "minute_ts": now - now % 60,
                },
                "temperature": {"tC": 51.3, "tF": 124.3},
            },
            "sys": {
                "mac": mac(index),
                "restart_required": False,
                "time": "13:15",
                "unixtime": now,
                "last_sync_ts": CLOCK,
                "uptime": uptime_s,
                "ram_size": 250_596,
                "ram_free": 127_644,
                "ram_min_free": 102_668,
                "fs_size": 393_216,
                "fs_free": 126_976,
                "cfg_rev": 27,
                "kvs_rev": 0,
                "schedule_rev": 1,
                "webhook_rev": 0,
                "btrelay_rev": 0,
                "available_updates": {},
                "reset_reason": 3,
                "utc_offset": 7200,
            },
            "wifi": {
                "sta_ip": f"10.20.{index // 250}.{index % 250 + 1}",
                "status": "got ip",
                "ssid": "plant",
                "bssid": "20:23:51:f9:28:bd",
                "rssi": -49 - index % 30,
            },
            "ws": {"connected": True},
        }
    )


def full_status(index: int, uptime_s: int) -> bytes:
    """The frame a device sends first after each connect."""
    return _frame(index, "NotifyFullStatus", CLOCK + uptime_s) + status(index, uptime_s)[1:] + b"}"


def notification(index: int) -> tuple[bytes, bytes]:
    """A metering ``NotifyStatus`` of 300 bytes, as the parts before and after its mark.

    The mark stands for the power: it makes each notification a change, and tells a reader which one an event came from.
    """
    energy = f'{{"total":1234567.678,"by_minute":[142.353,140.252,141.411],"minute_ts":{CLOCK}}}'
    after = f',"voltage":232.9,"current":0.512,"aenergy":{energy},"temperature":{{"tC":51.3,"tF":124.3}}}}}}}}'
    return _frame(index, "NotifyStatus", CLOCK) + b'"switch:0":{"id":0,"apower":', after.encode()


def _frame(index: int, method: str, ts: int) -> bytes:
    """The beginning of a notification, up to and including ``ts``."""
    src = device_id(index)
    return f'{{"src":"{src}","dst":"ws","method":"{method}","params":{{"ts":{ts}.12,'.encode()
