"""Files for browsers, held in memory under addresses that change with their content.

A whole folder shares one fingerprint, so that modules import one another by relative address. An address without
the fingerprint, or with an old one, gets the same file and is asked for again each time.
"""

from __future__ import annotations

import hashlib
import importlib.resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from aiohttp import web

TYPES = MappingProxyType(
    {
        "css": "text/css",
        "gif": "image/gif",
        "ico": "image/x-icon",
        "jpg": "image/jpeg",
        "js": "text/javascript",
        "json": "application/json",
        "mjs": "text/javascript",
        "png": "image/png",
        "svg": "image/svg+xml",
        "txt": "text/plain",
        "wasm": "application/wasm",
        "webmanifest": "application/manifest+json",
        "webp": "image/webp",
        "woff2": "font/woff2",
    }
)
"""Types by ending. The system's own table differs between machines; an ending that is not here is not served."""

FOREVER = "max-age=31536000, immutable"
HEADERS = MappingProxyType(
    {
        # An image or style sheet that is opened by itself may do nothing, whatever it holds.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)


class Assets:
    """One folder of files.

    Args:
        folder: Read when it is first asked for, and by :meth:`refresh` when a file in it changed; None for no files.
        address: Where it is served, with a slash at the end: ``/static/``.
        private: Whether only the browser itself may keep the files, and no proxy.
    """

    def __init__(self, folder: Traversable | None, address: str, *, private: bool = False) -> None:
        self._folder = folder
        self._address = address
        self._scope = "private" if private else "public"
        self._seen: object = None
        self._files: dict[str, bytes] = {}
        self._fingerprint = ""

    @classmethod
    def of_package(cls, package: str, folder: str, address: str, *, private: bool = False) -> Assets:
        """The folder of that name inside an import package; no files if there is no such package."""
        try:
            found = importlib.resources.files(package) / folder
        except (ImportError, TypeError, ValueError):  # TypeError: a module that is no package; ValueError: no name
            return cls(None, address, private=private)
        return cls(found, address, private=private)

    @property
    def address(self) -> str:
        """Address of the folder with the fingerprint: ``/static/~0123456789ab/``."""
        if not self._fingerprint:
            self.refresh()
        return f"{self._address}~{self._fingerprint}/"

    def refresh(self) -> None:
        """Read the folder anew if it changed: who writes a panel sees the change with the next reload."""
        seen = _stamps(self._folder)
        if self._fingerprint and seen == self._seen:
            return
        self._seen = seen
        self._files = dict(_files(self._folder, "")) if self._folder else {}
        digest = hashlib.sha256()
        for name, content in sorted(self._files.items()):
            digest.update(b"%d %b %d " % (len(name), name.encode(), len(content)))
            digest.update(content)
        self._fingerprint = digest.hexdigest()[:12]

    def serve(self, path: str, *, if_none_match: str | None = None) -> web.Response:
        """The answer to a request.

        Args:
            path: What follows the address of the folder, with or without the fingerprint. Names are looked up
                among those that were read, so no path leads out of the folder.

        Raises:
            HTTPNotFound: There is no such file.
        """
        current = self.address.removeprefix(self._address)
        first, _, rest = path.partition("/")
        name = rest if first.startswith("~") else path
        content = self._files.get(name)
        if content is None:
            raise web.HTTPNotFound
        headers = dict(HEADERS)
        if path.startswith(current):
            headers["Cache-Control"] = f"{self._scope}, {FOREVER}"
        else:
            headers["Cache-Control"] = "no-cache"
            headers["ETag"] = tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if if_none_match == tag:
                return web.Response(status=304, headers=headers)
        kind = TYPES[name.rpartition(".")[2]]
        charset = "utf-8" if kind.startswith("text/") else None
        return web.Response(body=content, headers=headers, content_type=kind, charset=charset)


def _files(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    """All files that may be served: path below the folder and content."""
    if not folder.is_dir():
        return []
    found = []
    for entry in folder.iterdir():
        if entry.name.startswith((".", "~", "_")):
            continue
        if entry.is_dir():
            found += _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in TYPES:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found


def _stamps(folder: Traversable | None) -> object:
    """What changes when a file does; nothing for a package inside an archive, which does not change."""
    if not isinstance(folder, Path):
        return None
    return sorted((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*"))
