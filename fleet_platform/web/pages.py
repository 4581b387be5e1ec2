"""The web page: its shell, what it starts with, and the files it is made of.

The page is a client like any other: beside a session it gets nothing here that the websocket would not give. What
it shows is made of panels, all of them contributed by plugins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from fleet_platform.auth.access import Access
from fleet_platform.auth.authenticator import Authenticator
from fleet_platform.auth.tokens import Tokens
from fleet_platform.web.assets import Assets
from fleet_platform.web.html import Html
from fleet_platform.web.sign_in import SignIn
from plugin_sdk import JSONObject, Panel, Principal
from plugin_sdk.errors import Unavailable

SHELL = ("/", "/home", "/settings", "/p/{plugin}/{panel}", "/device/{id}", "/device/{id}/{plugin}/{panel}")
"""Addresses of one and the same document; which panels it shows is the browser's part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSource:
    """A panel and where it comes from.

    Attributes:
        plugin: The plugin's name, part of addresses.
        package: Import package whose folder ``panel`` holds the files.
    """

    plugin: str
    package: str
    panel: Panel


class Pages:
    """Serves the web page of one platform.

    Args:
        version: Shown to users.
        authenticator: Knows who a password or a session stands for.
        tokens: Makes sessions.
        access: The policies in force; asked which panels a user may see.
        panels: The panels in force; asked each time, as plugins come and go.
    """

    def __init__(
        self,
        *,
        version: str,
        authenticator: Authenticator,
        tokens: Tokens,
        access: Callable[[], Access],
        panels: Callable[[], Sequence[PanelSource]],
    ) -> None:
        self._version = version
        self._access = access
        self._panels = panels
        self._static = Assets.of_package("fleet_platform.web", "static", "/static/")
        self._panel_files: dict[tuple[str, str], Assets] = {}
        self._html = Html(version, self._static)
        self._sign_in = SignIn(authenticator=authenticator, tokens=tokens, html=self._html)

    def routes(self) -> list[web.RouteDef]:
        """All addresses of the page."""
        return [
            *(web.get(path, self._show_shell) for path in SHELL),
            web.get("/boot.json", self._show_boot),
            *self._sign_in.routes(),
            web.get("/static/{path:.+}", self._serve_static),
            web.get("/plugin/{plugin}/panel/{path:.+}", self._serve_panel_file),
        ]

    # ---- shell --------------------------------------------------------------------------------------------

    async def _show_shell(self, request: web.Request) -> web.Response:
        try:
            principal = await self._sign_in.principal_of(request)
        except Unavailable:
            return self._html.render("unavailable.html", status=503)
        if principal is None:
            return self._sign_in.ask(request)
        page = self._html.render("shell.html", boot=self._boot(principal))
        return self._sign_in.open_session(request, page, principal)

    async def _show_boot(self, request: web.Request) -> web.Response:
        """What the page starts with, for a page that is open already; also keeps its session alive."""
        try:
            principal = await self._sign_in.principal_of(request)
        except Unavailable:
            return self._html.data({}, status=503)
        if principal is None:
            return self._html.data({}, status=401)
        return self._sign_in.open_session(request, self._html.data(self._boot(principal)), principal)

    def _boot(self, principal: Principal) -> JSONObject:
        """``{version, assets, user: {name, provider}, panels: [{plugin, name, kind, title, module, …}]}``."""
        self._static.refresh()
        sources = sorted(self._panels(), key=lambda source: (source.panel.order, source.plugin, source.panel.name))
        for files in {source.plugin: self._files_of(source) for source in sources}.values():
            files.refresh()
        return {
            "version": self._version,
            "assets": self._static.address,
            "user": {"name": principal.name, "provider": principal.provider},
            "panels": [self._describe(source) for source in sources if self._may_see(principal, source.panel)],
        }

    def _may_see(self, principal: Principal, panel: Panel) -> bool:
        return panel.permission is None or self._access().allows(principal, panel.permission)

    def _describe(self, source: PanelSource) -> JSONObject:
        panel, folder = source.panel, self._files_of(source).address
        return {
            "plugin": source.plugin,
            "name": panel.name,
            "kind": panel.kind,
            "title": panel.title,
            "module": folder + panel.module,
            "element": panel.element,
            "icon": folder + panel.icon if panel.icon.endswith(".svg") else panel.icon,
            "components": panel.components,
        }

    # ---- files --------------------------------------------------------------------------------------------

    async def _serve_static(self, request: web.Request) -> web.Response:
        return self._static.serve(request.match_info["path"], if_none_match=request.headers.get("If-None-Match"))

    async def _serve_panel_file(self, request: web.Request) -> web.Response:
        """A file of a plugin that has panels in force, for whoever is signed in."""
        source = next((each for each in self._panels() if each.plugin == request.match_info["plugin"]), None)
        if source is None or await self._sign_in.principal_of(request) is None:
            raise web.HTTPNotFound
        files = self._files_of(source)
        return files.serve(request.match_info["path"], if_none_match=request.headers.get("If-None-Match"))

    def _files_of(self, source: PanelSource) -> Assets:
        key = source.plugin, source.package
        if key not in self._panel_files:
            address = f"/plugin/{source.plugin}/panel/"
            self._panel_files[key] = Assets.of_package(source.package, "panel", address, private=True)
        return self._panel_files[key]
