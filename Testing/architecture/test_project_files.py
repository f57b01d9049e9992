import json
import re
import subprocess
import tomllib

import jsonschema
from BSAFusionLib import __version__

from Testing.architecture.source_tree import EXTENSION, LIBRARY, MODULE, ROOT, python_files

# What schema 1.0.2 of the extension index asks of an entry.
CATALOGUE_SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "required": ["$schema", "category", "scm_url"],
    "additionalProperties": False,
    "properties": {
        **{
            name: {"type": "string"}
            for name in (
                "$schema",
                "category",
                "scm_url",
                "scm_revision",
                "dicom_support_rule",
                "build_subdirectory",
            )
        },
        "scm_type": {"enum": ["git", "local"]},
        "build_dependencies": {"type": "array", "items": {"type": "string"}},
        "enabled": {"type": "boolean"},
        "tier": {"type": "integer", "minimum": 1, "maximum": 5},
    },
}
PLACES = re.compile(r"/work/|/root/|/home/|pypi\.org|pythonhosted|download\.pytorch")


def cmake_value(name: str) -> str:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    found = re.search(rf'set\({name} "(.*)"\)', text)
    assert found is not None
    return found[1]


def test_cmake_lists_exactly_the_scripts_of_the_tree() -> None:
    text = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    listed = re.findall(r"^  (BSAFusionLib/\S+\.py)$", text, re.MULTILINE)
    assert listed == sorted(file.relative_to(MODULE).as_posix() for file in python_files(LIBRARY))
    assert "  ${MODULE_NAME}.py\n" in text


def catalogue_entry() -> dict[str, object]:
    entry: dict[str, object] = json.loads(
        (EXTENSION / "catalogue" / "BSAFusion.json").read_text(encoding="utf-8")
    )
    return entry


def test_the_catalogue_entry_is_valid_against_its_schema() -> None:
    validator = jsonschema.Draft7Validator(CATALOGUE_SCHEMA)
    assert not list(validator.iter_errors(catalogue_entry()))
    for wrong in (
        {"tier": 6},
        {"enabled": "yes"},
        {"description": "more"},
        {"build_dependencies": "PyTorch"},
    ):
        assert list(validator.iter_errors({**catalogue_entry(), **wrong})), wrong


def test_the_catalogue_entry_agrees_with_cmake() -> None:
    entry = catalogue_entry()
    assert str(entry["$schema"]).endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["category"] == cmake_value("EXTENSION_CATEGORY") == "Registration"
    assert entry["build_dependencies"] == [cmake_value("EXTENSION_DEPENDS")] == ["PyTorch"]
    assert str(entry["scm_url"]).removesuffix(".git") == cmake_value("EXTENSION_HOMEPAGE")
    assert "project(BSAFusion)" in (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def test_the_catalogue_shows_an_icon_and_screenshots_that_exist() -> None:
    addresses = [cmake_value("EXTENSION_ICONURL"), *cmake_value("EXTENSION_SCREENSHOTURLS").split()]
    assert len(addresses) >= 2
    place = cmake_value("EXTENSION_HOMEPAGE").replace("github.com", "raw.githubusercontent.com")
    for address in addresses:
        assert address.startswith(f"{place}/main/"), address
        assert (ROOT / address.removeprefix(f"{place}/main/")).is_file(), address


def test_the_description_can_be_understood_by_anybody() -> None:
    words = cmake_value("EXTENSION_DESCRIPTION").split()
    assert 15 <= len(words) <= 60
    assert not {"displacement", "network", "modality"} & {word.strip(".,").lower() for word in words}


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == __version__


def test_every_pin_lies_within_the_declared_bounds() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==([\d.]+)$", constraints(), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for requirement in project["dependencies"]:
        found = re.fullmatch(r"([\w-]+)>=([\d.]+),<(\d+)", requirement)
        assert found is not None
        name, floor, ceiling = found.groups()
        assert numbers(floor) <= numbers(pinned[name]) < numbers(ceiling), requirement


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listing.stdout.split("\0"):
        file = ROOT / name
        if file.is_file() and file.suffix not in {".png", ".pt"} and name != f"Testing/architecture/{NAME}":
            found = PLACES.search(file.read_text(encoding="utf-8"))
            assert found is None, f"{name}: {found}"


NAME = "test_project_files.py"


def constraints() -> str:
    return (EXTENSION / "constraints.txt").read_text(encoding="utf-8")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
