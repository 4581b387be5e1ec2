"""The first user, and the way back in for who has lost the password.

There is never an installation without a way in: a generated password is shown after it is stored, and if the
platform dies between the two, the next start makes and shows another one.
"""

from __future__ import annotations

from fleet_local_users.passwords import generate_password
from fleet_local_users.users import Users
from plugin_sdk import Fleet

NAME = "admin"

_SHOWN = "first_password_shown"


async def ensure_administrator(fleet: Fleet, users: Users) -> None:
    """Give the user ``admin`` the configured password; without one, a generated password at the first start.

    Raises:
        Unavailable: The database is away; nothing was shown.
    """
    given = fleet.settings.admin_password
    if not given and await fleet.kv.get(_SHOWN):
        return
    secret = given.get_secret_value() if given else generate_password()
    await users.put_administrator(NAME, secret)
    if not given:
        fleet.reveal("password of the user admin", secret)
    await fleet.kv.set(_SHOWN, True)
