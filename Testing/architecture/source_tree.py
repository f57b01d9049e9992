"""The project's Python files, as the architecture tests see them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "BSAFusionModule"
LIBRARY = MODULE / "BSAFusionLib"
EXTENSION = ROOT / "BSAFusionExtension"
TESTING = ROOT / "Testing"


def python_files(*folders: Path) -> list[Path]:
    return sorted(file for folder in folders for file in folder.rglob("*.py"))


def shipped_files() -> list[Path]:
    return python_files(MODULE, EXTENSION)


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported_modules(nodes: Iterator[ast.AST] | list[ast.stmt], package: str) -> set[str]:
    """Full names of all modules that these nodes import; relative ones are resolved within package."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names.add(source)
            names.update(f"{source}.{alias.name}" for alias in node.names)
    return names


def package_of(file: Path) -> str:
    """Name of the package that a file of BSAFusionModule or BSAFusionExtension belongs to."""
    base = MODULE if file.is_relative_to(MODULE) else EXTENSION
    return ".".join(file.parent.relative_to(base).parts)
