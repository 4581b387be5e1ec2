"""The cookie of a signed-in page, and whether it is a page of ours that sends it."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

SESSION_COOKIE = "fleet_session"


def is_same_origin(request: web.BaseRequest, *, allowed: Collection[str] = ()) -> bool:
    """Whether a request comes from a page of ours, or from no browser at all.

    No page can set ``Origin`` or ``Sec-Fetch-Site``. Browsers leave ``Origin`` out of same-origin GETs, and never open
    a websocket or post without it.

    Args:
        allowed: Further origins whose pages count as ours.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
    return origin in (f"https://{request.host}", f"http://{request.host}") or origin in allowed
