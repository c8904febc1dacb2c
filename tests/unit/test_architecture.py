"""The direction of imports (docs/architecture.md): read from the source, so that a breach is named with its line."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_gaia_parity

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(pytest_gaia_parity.__file__).parent
NAME = "pytest_gaia_parity"

#: part → the parts it may import, itself always
MAY_IMPORT = {
    "errors": set(),
    "redact": {"errors"},
    "model": {"errors", "redact"},
    "config": {"errors", "redact", "model"},
    "adapters": {"errors", "redact"},
    "network": {"errors", "redact", "model", "config", "adapters"},
    "clients": {"errors", "redact", "model", "config", "network"},
    "ops": {"errors", "redact", "model", "config", "network", "clients", "adapters"},
    "compare": {"errors", "redact", "model"},
    "report": {"errors", "redact", "model"},
    "lab": {"errors", "redact", "model", "config"},
    "options": {"errors"},
    "run": {
        "errors", "redact", "model", "config", "adapters", "network", "clients", "compare", "report", "lab", "options",
    },
    "ops_handles": {"errors", "config", "network", "lab", "run", "ops"},
    "fixtures": {"errors", "model", "run", "clients", "ops", "ops_handles"},
    "verify_items": {"errors", "run", "ops", "ops_handles"},
    "plugin": {"errors", "options", "fixtures", "verify_items", "run", "ops"},
    "cli": {
        "errors", "redact", "model", "config", "adapters", "network", "clients", "compare", "report", "lab", "ops",
    },
    "__main__": {"cli"},
    "__init__": set(),
}  # fmt: skip

#: a dependency → where alone it may be imported
HOMES = {
    "httpx": ("clients", "lab"),
    "httpcore": ("clients",),
    "httptools": ("clients/readers.py",),
    "h11": ("clients/readers.py",),
    "deepdiff": (),
    "subprocess": ("adapters/process.py", "lab"),
    "dotenv": ("config/envfile.py",),
    "jinja2": ("report",),
    "uvicorn": ("lab",),
    "starlette": ("lab",),
    "jwt": ("lab",),
    "psycopg": ("ops/dependency.py",),
    "nats": ("ops/dependency.py",),
    "pytest": ("plugin.py", "options.py", "fixtures.py", "ops_handles.py", "verify_items.py", "run"),
    "xdist": (),
}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            if node.module == NAME:
                yield from ((f"{NAME}.{alias.name}", node.lineno) for alias in node.names)
            else:
                yield node.module, node.lineno


@pytest.mark.parametrize(("path", "tree"), [pytest.param(path, tree, id=path) for path, tree in modules()])
def test_modules_import_downwards_only(path: str, tree: ast.Module) -> None:
    part = path.removesuffix(".py").partition("/")[0]
    breaches = []
    for name, line in imports(tree):
        top, _, rest = name.partition(".")
        if top == NAME:
            other = rest.partition(".")[0]
            if other and not other.startswith("__") and other != part and other not in MAY_IMPORT[part]:
                breaches.append(f"{path}:{line}: {part} imports {other}")
        elif top in HOMES and not path.startswith(HOMES[top]):
            breaches.append(f"{path}:{line}: {top} has its home in {', '.join(HOMES[top]) or 'no module'}")
    assert breaches == []


def test_every_part_has_a_rule() -> None:
    parts = {path.removesuffix(".py").partition("/")[0] for path, _ in modules()}
    assert parts <= set(MAY_IMPORT)


def test_no_private_name_is_imported_from_another_module() -> None:
    breaches = [
        f"{path}:{node.lineno}: {alias.name}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(NAME)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert breaches == []


def test_there_is_no_global_statement() -> None:
    breaches = [
        f"{path}:{node.lineno}" for path, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.Global)
    ]
    assert breaches == []
