"""What import-linter cannot say: single modules, names of providers, and who may look at a clock."""

import ast
import re
import tomllib
from pathlib import Path

from providers.installed import INSTALLED
from tests.architecture.source import ROOT, files, imports, named, tree

OURS = ("app.py", "shop", "admin", "providers")
#: All that the shop may know of providers.
KNOWN = {
    "providers.charge", "providers.contract", "providers.kept_cards", "providers.ports", "providers.registry", "providers.settings",
}  # fmt: skip
#: Who reads the machine's clock, and why.
CLOCK_READERS = {
    "shop/core/clock.py": "it is the shop's clock",
    "providers/sandbox/clock.py": "it is the practice world's clock",
    "providers/sandbox/outgoing.py": "notices are pushed and pushed again in real time",
    "providers/sandbox/ledger.py": "every new world starts with ids nobody saw before",
}
_CLOCK_CALLS = {
    ("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime"), ("time", "strftime"),
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
}  # fmt: skip
_TAKEN = {name for owner, name in _CLOCK_CALLS if owner == "time"}


def test_nobody_imports_the_assembly() -> None:
    importing = [named(path) for path in files("shop", "admin", "providers") if "app" in imports(path)]
    assert importing == []


def test_the_shop_knows_providers_by_their_contract_only() -> None:
    for path in files("shop", "admin"):
        foreign = {
            name for name in imports(path)
            if name.split(".")[0] == "providers" and ".".join(name.split(".")[:2]) not in KNOWN
        }  # fmt: skip
        assert foreign <= {"providers"}, f"{named(path)} imports {foreign}"


def test_every_package_has_its_place_in_the_layers() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    placed = {name.strip() for layer in layers for name in layer.split("|")}
    packages = {f"shop.{path.parent.name}" for path in ROOT.glob("shop/*/__init__.py")}
    assert packages <= placed, "write it into the layers of pyproject.toml"


def test_no_provider_imports_another() -> None:
    folders = {path.parent.name for path in ROOT.glob("providers/*/adapter.py")}
    for folder in folders:
        for path in files(f"providers/{folder}"):
            others = {name.split(".")[1] for name in imports(path) if name.startswith("providers.")} & folders
            assert others <= {folder}, named(path)


def test_a_simulator_shares_nothing_with_the_client_it_checks() -> None:
    for path in ROOT.glob("providers/*/simulator/**/*.py"):
        provider = path.relative_to(ROOT / "providers").parts[0]
        theirs = {f"providers.{provider}.{module}" for module in ("client", "adapter", "errors", "capabilities")}
        assert not imports(path) & theirs, named(path)


def test_nothing_outside_its_folder_names_a_provider() -> None:
    words = [word for provider in INSTALLED for word in (provider.code, provider.name)]
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    endings = (".py", ".html", ".txt", ".js", ".css", ".mako")
    found = [
        f"{named(path)}:{number}"
        for path in files("shop", "admin", "templates", "static", ends=endings)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_one_clock() -> None:
    readers = {named(path) for path in files(*OURS) if reads_clock(path)}
    assert readers - CLOCK_READERS.keys() == set(), "ask shop.core.runtime.now() instead"
    assert CLOCK_READERS.keys() - readers == set(), "an exception nobody needs any more"


def reads_clock(path: Path) -> bool:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            if (name, node.func.attr) in _CLOCK_CALLS:
                return True
        if isinstance(node, ast.ImportFrom) and node.module == "time" and {alias.name for alias in node.names} & _TAKEN:
            return True
    return False
