"""What stands where in Shelly's JSON: field names, in lower case, and what their values give away. Constant data.

Source: protocol reference sections A8, A9 and B, and the fields of real dumps.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TEXTS = _words("""
    name local_name title label desc ssid ap_ssid hostname user username tag options default_value wifi ap sta sta1
    consumption_types client_id topic_prefix body body_b64 headers code data value titles auth_domain realm
    serial jti jwt batch batch_id error_msg
    """)
"""Free texts of the owner, names, and what identifies one piece of hardware."""

DEEP = frozenset(("data", "value", "headers", "body", "titles"))
"""All texts in an object of this name are the owner's, whatever they are called."""

OWN_KEYS = frozenset(("titles",))
"""Objects whose member names are the owner's texts."""

SERVERS = _words("server addr dst_addr host broker nameserver actuator sensor")
"""``host``, ``host:port`` or a URL."""

URLS = frozenset(("url", "urls", "uri"))

SECRETS = _words("nonce cnonce response opaque ha1 qr_code manual_code setup_code pin pin_code")
"""Beside those that :mod:`fleet_platform.redaction` knows by name."""

LATITUDES = frozenset(("lat", "latitude"))
LONGITUDES = frozenset(("lon", "lng", "long", "longitude"))
ZONES = frozenset(("tz", "timezone"))

FIXED = _words("ver version fw_id build_id fw_ver etag netmask")
"""Left as they are: four numbers here are no address."""

PLAIN = _words("""
    id src dst app model gen profile method event type state role owner access icon view unit ssl_ca timespec component
    target trv keys
    """)
"""The vendor's own words and component keys: only addresses are replaced."""

SOURCES = frozenset(("source",))
"""Who changed something. A text with a space is a scene's or a schedule's name, the owner's words."""

OWNERS_METHODS = ("kvs.", "http.", "script.eval", "script.getcode", "script.putcode")
"""Methods whose parameters and answers are the owner's altogether, numbers included."""

OWNERS_ERRORS = ("kvs.", "http.", "script.")
"""Methods whose errors quote what the owner wrote."""

ENVELOPE = _words("id ts rev offset total len left code")
"""Numbers of the protocol's own directly in those parameters and answers, as ``etag`` is a text of its own there."""

ETAG = re.compile(r"[\w+/=-]{1,44}", re.ASCII)

ENTRIES = frozenset(("items", "keys"))
"""Members of those that hold entries, each with members of the protocol: in an array, or by the owner's key."""

OWNERS_MEMBERS = _words("items keys key value etag hooks url headers body code message data jobs result") | ENVELOPE
"""Names that parameters and answers of the owner's methods have of their own."""

IDENTIFIER = re.compile(r"[a-z0-9_:.]*")
"""What a name of the protocol may look like."""

INSTANCE = re.compile(r"[a-z][a-z0-9]{1,24}:\d{1,6}")
"""A component key with a number."""

SINGLETONS = _words("""
    ble blugw bthome bthomecontrol cloud dali eth ht_ui knx matter media modbus mqtt pill plugpm_ui plugs_ui pluguk_ui
    plugus_ui plusrgbwpm powerstrip_ui presence prorgbwwpm sys thread ui virtual wd_ui wifi ws zigbee
    """)
"""Component keys without one. A ``key`` that is neither is a secret."""

KNOWN_HOSTS = re.compile(
    r"(?:.*\.)?(?:shelly\.cloud|pool\.ntp\.org)|time\.(?:google|cloudflare|windows|apple)\.com|localhost",
    re.IGNORECASE,
)
"""Servers that say nothing about whose device it is."""

KNOWN_PATHS = frozenset(("", "api", "shelly", "ws", "rpc", "jrpc", "c"))
"""Parts of a server's path that say nothing."""

ZONE_CHOICES = (
    "Africa/Cairo",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Lisbon",
    "Pacific/Honolulu",
)
