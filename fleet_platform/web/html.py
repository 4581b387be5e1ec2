"""Pages rendered from the templates, with the headers that tell browsers what to refuse."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import jinja2
from aiohttp import web

from fleet_platform.web.assets import Assets
from plugin_sdk import JSON

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    # Names of devices are anybody's text: assigning a string to innerHTML fails instead of running it.
    "require-trusted-types-for 'script'"
)
HEADERS = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)


class Html:
    """Makes responses.

    Args:
        version: Shown to users.
        static: The files that templates name.
    """

    def __init__(self, version: str, static: Assets) -> None:
        self._version = version
        self._static = static
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("fleet_platform.web"), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def render(self, template: str, *, status: int = 200, **values: Any) -> web.Response:
        """A page."""
        text = self._templates.get_template(template).render(
            assets=self._static.address, version=self._version, **values
        )
        return web.Response(text=text, status=status, headers=HEADERS, content_type="text/html")

    @staticmethod
    def data(value: JSON, *, status: int = 200) -> web.Response:
        """JSON for a page that is open."""
        return web.json_response(value, status=status, headers=HEADERS)

    @staticmethod
    def redirect(target: str) -> web.Response:
        """Go there by ``GET``."""
        return web.Response(status=303, headers={**HEADERS, "Location": target})
