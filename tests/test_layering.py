"""Who may import whom. ``PARTS`` goes from the ground up; the longest prefix that fits a module says what it is."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PLUGINS = {path.name for path in (PROJECT / "plugins").iterdir() if (path / "__init__.py").exists()}

PARTS = {
    "leaf": (
        "text addresses redaction logs settings "
        "rpc.envelope devices.frames devices.merge events.reasons events.record events.filters events.ring "
        "auth.access auth.basic auth.recent storage.problems storage.dsn storage.jsonb"
    ),
    "service": "history migrations rpc devices events auth storage sql_methods host methods metrics",
    "web": "web",
    "client": "client",
    "simulator": "simulator",
    "app": "app",
    "program": "process cli testing __main__",
}
MAY_IMPORT = {
    "leaf": {"leaf"},
    "service": {"leaf", "service"},
    "web": {"leaf", "service", "web"},
    "client": {"leaf", "client"},
    "simulator": {"leaf", "simulator"},
    "app": {"leaf", "service", "web", "app"},
    "program": set(PARTS),
}


def modules(folder: str) -> list[Path]:
    return sorted((PROJECT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module or ""
            yield from (name for alias in node.names if is_ours(name := f"{node.module}.{alias.name}"))


def is_ours(name: str) -> bool:
    """Whether a dotted name is a module of this project, not something inside one."""
    path = PROJECT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def part_of(module: str) -> str:
    """The part a module of ``fleet_platform`` belongs to, by its name after that."""
    homes = {prefix: part for part, prefixes in PARTS.items() for prefix in prefixes.split()}
    names = module.split(".")
    for length in range(len(names), 0, -1):
        if (prefix := ".".join(names[:length])) in homes:
            return homes[prefix]
    pytest.fail(f"fleet_platform.{module} has no place in PARTS; give it one")


def core_module(path: Path) -> str:
    return ".".join(path.relative_to(PROJECT / "fleet_platform").with_suffix("").parts).removesuffix(".__init__")


def test_the_sdk_needs_the_standard_library_pluggy_and_pydantic_alone() -> None:
    allowed = {*sys.stdlib_module_names, "plugin_sdk", "pluggy", "pydantic"}
    wrong = [(path.name, name) for path in modules("plugin_sdk") for name in imports(path) if root(name) not in allowed]
    assert not wrong


def test_plugins_import_neither_the_platform_nor_one_another() -> None:
    wrong = [
        (plugin, path.name, name)
        for plugin in PLUGINS
        for path in modules(f"plugins/{plugin}")
        for name in imports(path)
        if root(name) in {"fleet_platform", *PLUGINS} - {plugin}
    ]
    assert not wrong


def test_the_platform_imports_no_plugin() -> None:
    wrong = [(path.name, name) for path in modules("fleet_platform") for name in imports(path) if root(name) in PLUGINS]
    assert not wrong


def test_inside_the_platform_imports_point_to_the_ground() -> None:
    wrong = []
    for path in modules("fleet_platform"):
        module = core_module(path)
        if module == "__init__":
            continue
        for name in imports(path):
            package, _, imported = name.partition(".")
            if package == "fleet_platform" and imported and part_of(imported) not in MAY_IMPORT[part_of(module)]:
                wrong.append(f"{module} ({part_of(module)}) imports {imported} ({part_of(imported)})")
    assert not wrong


def test_leaves_never_wait() -> None:
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    wrong = [
        core_module(path)
        for path in modules("fleet_platform")
        if core_module(path) != "__init__" and part_of(core_module(path)) == "leaf"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, waiting)
    ]
    assert not wrong


def root(name: str) -> str:
    return name.partition(".")[0]
