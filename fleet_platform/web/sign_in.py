"""Signing in and out by a form, and the session that a browser keeps in between.

A session is an access token in a cookie that no script can read and no other site can use.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from aiohttp import web

from fleet_platform.auth.authenticator import Authenticator
from fleet_platform.auth.tokens import LIFETIME_S, Tokens
from fleet_platform.web.html import Html
from fleet_platform.web.origin import SESSION_COOKIE, is_same_origin
from plugin_sdk import Principal
from plugin_sdk.errors import RateLimited, Unavailable

_OWN_PAGE = re.compile(r"/(?:(?:p|device)/[^\\\s]*|home|settings)?")


class SignIn:
    """Handlers of ``/login`` and ``/logout``.

    Args:
        authenticator: Knows who a password or a session stands for.
        tokens: Makes sessions.
    """

    def __init__(self, *, authenticator: Authenticator, tokens: Tokens, html: Html) -> None:
        self._authenticator = authenticator
        self._tokens = tokens
        self._html = html

    def routes(self) -> list[web.RouteDef]:
        """Their addresses."""
        return [web.get("/login", self._show), web.post("/login", self._log_in), web.post("/logout", self._log_out)]

    async def principal_of(self, request: web.Request) -> Principal | None:
        """Who the session of a request stands for, or None. For requests that change nothing.

        Raises:
            Unavailable: It cannot be found out for now.
        """
        session = request.cookies.get(SESSION_COOKIE)
        try:
            return await self._authenticator.by_token(session) if session else None
        except RateLimited:  # no token of ours is ever limited
            return None

    def ask(self, request: web.Request) -> web.Response:
        """Send somebody who is not signed in to the form, and back afterwards."""
        target = "" if request.path == "/" else "?" + urlencode({"next": request.path_qs})
        return self._html.redirect(f"/login{target}")

    def open_session(self, request: web.Request, response: web.Response, principal: Principal) -> web.Response:
        """Begin a session, or lengthen one that is in use."""
        response.set_cookie(
            SESSION_COOKIE,
            self._tokens.renew(principal)["access_token"],
            max_age=LIFETIME_S["access_token"],
            httponly=True,
            samesite="Strict",
            # A proxy that ends TLS says so; believing it wrongly costs its user the session and nobody else.
            secure=request.secure or request.headers.get("X-Forwarded-Proto") == "https",
        )
        return response

    async def _show(self, request: web.Request) -> web.Response:
        target = _own_page(request.query.get("next", ""))
        try:
            principal = await self.principal_of(request)
        except Unavailable:
            principal = None
        return self._form(target) if principal is None else self._html.redirect(target)

    async def _log_in(self, request: web.Request) -> web.Response:
        form = await request.post()
        name, password, target = (str(form.get(field, "")) for field in ("username", "password", "next"))
        target = _own_page(target)
        if not is_same_origin(request):
            return self._form(target, name=name, problem="This form came from another site.", status=403)
        try:
            principal = await self._authenticator.by_password(name, password)
        except RateLimited as error:
            wait_s = max(1, round(error.data["retry_after_s"]))
            problem = f"Too many attempts. Try again in {wait_s} second{'s' if wait_s > 1 else ''}."
            return self._form(target, name=name, problem=problem, status=429)
        except Unavailable:
            return self._form(target, name=name, problem="Users cannot be looked up at the moment.", status=503)
        if principal is None:
            return self._form(target, name=name, problem="Name or password is wrong.", status=401)
        return self.open_session(request, self._html.redirect(target), principal)

    async def _log_out(self, request: web.Request) -> web.Response:
        response = self._html.redirect("/login")
        if is_same_origin(request):
            response.del_cookie(SESSION_COOKIE)
        return response

    def _form(self, target: str, *, name: str = "", problem: str = "", status: int = 200) -> web.Response:
        return self._html.render("login.html", status=status, next=target, name=name, problem=problem)


def _own_page(target: str) -> str:
    """A page to go to after signing in; anything that is not one of ours becomes the first page."""
    return target if _OWN_PAGE.fullmatch(target) else "/"
