import ast
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.architecture.source_tree import (
    EXTENSION,
    LIBRARY,
    MODULE,
    imported_modules,
    package_of,
    parse,
    python_files,
    shipped_files,
)

MAY_IMPORT = {
    "engine": {"engine"},
    "scene": {"engine", "scene"},
    "app": {"engine", "scene", "page", "app"},
    "panel": {"engine", "scene", "page", "app", "panel"},
    "page": {"engine", "page"},
    "command_line": {"engine", "scene", "page", "command_line"},
    "cohort": {"engine", "command_line", "cohort"},
}
DESKTOP = {"qt", "ctk"}
MRML = {"slicer", "vtk", "vtkmodules"}
FORBIDDEN = {
    "engine": DESKTOP | MRML,
    "page": DESKTOP | MRML | {"torch", "SimpleITK", "PIL"},
    "scene": DESKTOP | {"torch"},
    "app": DESKTOP | {"torch"},
    "panel": {"torch"},
    "command_line": DESKTOP | MRML | {"torch"},
    "cohort": DESKTOP | MRML | {"torch"},
}
DASK = {"dask", "distributed"}
KNOWS_TORCH = {
    LIBRARY / "engine" / f"{name}.py"
    for name in ("devices", "network", "elastic", "elastic_pair", "elastic_search", "self_similarity")
}


def imports_of(file: Path) -> set[str]:
    return imported_modules(ast.walk(parse(file)), package_of(file))


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_imports_between_layers_go_one_way(layer: str) -> None:
    for file in python_files(LIBRARY / layer):
        layers = {name.split(".")[1] for name in imports_of(file) if name.startswith("BSAFusionLib.")}
        assert layers & MAY_IMPORT.keys() <= MAY_IMPORT[layer], file


@pytest.mark.parametrize("layer", FORBIDDEN)
def test_a_layer_leaves_foreign_libraries_alone(layer: str) -> None:
    for file in python_files(LIBRARY / layer):
        libraries = {name.split(".")[0] for name in imports_of(file)}
        allowed = {"torch"} if file in KNOWS_TORCH else set()
        assert not libraries & (FORBIDDEN[layer] | {"torch"} - allowed), file


def test_the_module_never_needs_the_training_code() -> None:
    for file in python_files(MODULE):
        libraries = {name.split(".")[0] for name in imports_of(file)}
        assert not any(name.startswith("bsafusion") for name in libraries), file


def test_training_needs_nothing_of_the_module_but_the_engine() -> None:
    for file in python_files(EXTENSION / "bsafusion_training"):
        used = {name for name in imports_of(file) if name.startswith("BSAFusionLib.")}
        assert all(name.startswith("BSAFusionLib.engine") for name in used), file


def test_torch_is_imported_inside_functions_only() -> None:
    for file in python_files(MODULE):
        assert "torch" not in imported_modules(parse(file).body, package_of(file)), file


def test_dask_is_imported_by_cohorts_alone_and_inside_functions_only() -> None:
    for file in python_files(MODULE):
        if file.is_relative_to(LIBRARY / "cohort"):
            imported = imported_modules(
                [node for node in parse(file).body if isinstance(node, ast.Import | ast.ImportFrom)],
                package_of(file),
            )
        else:
            imported = imports_of(file)
        assert not {name.split(".")[0] for name in imported} & DASK, file


@pytest.mark.parametrize(
    "module",
    ["BSAFusionLib.engine", "BSAFusionLib.command_line.arguments", "BSAFusionLib.cohort.batch_command"],
)
def test_starting_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"torch", "SimpleITK", "slicer", "vtk", "PIL", "distributed"} & set(loaded.split())


def test_no_file_imports_everything() -> None:
    for file in shipped_files():
        assert "import *" not in file.read_text(encoding="utf-8"), file
