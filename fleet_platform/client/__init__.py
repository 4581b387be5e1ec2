"""A small asynchronous client of the platform: calls, batches, relays and events that survive a lost connection."""

from fleet_platform.client.client import Client, Reply, Request
from fleet_platform.client.credentials import Credentials, Password, Token, sign_in
from fleet_platform.client.errors import ConnectionLost, NotSignedIn, RpcError, Unreachable
from fleet_platform.client.subscription import Event, Resync, Subscription

__all__ = [
    "Client",
    "ConnectionLost",
    "Credentials",
    "Event",
    "NotSignedIn",
    "Password",
    "Reply",
    "Request",
    "Resync",
    "RpcError",
    "Subscription",
    "Token",
    "Unreachable",
    "sign_in",
]
