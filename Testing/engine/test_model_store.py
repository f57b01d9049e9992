"""The manifest of networks and their checksums."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from BSAFusionLib.engine import model_store
from BSAFusionLib.engine.errors import ModelError
from BSAFusionLib.engine.model_store import find_model, read_model

CONTENT = b"weights of a network"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))
    (tmp_path / "small.pt").write_bytes(CONTENT)
    write_manifest(tmp_path)
    return tmp_path


def write_manifest(folder: Path, **changes: Any) -> None:
    entry = {
        "id": "small",
        "version": "1.2",
        "file": "small.pt",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "bytes": len(CONTENT),
        "summary": "for tests",
    }
    other = entry | {"id": "other", "file": "other.pt"}
    manifest = {"contract": 1, "default": "small", "models": [entry | changes.pop("entry", {}), other]}
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


@pytest.mark.usefixtures("folder")
def test_the_default_network_is_found_and_read() -> None:
    model = find_model()
    assert (model.id, model.version, model.size, model.summary) == ("small", "1.2", len(CONTENT), "for tests")
    assert read_model(model) == CONTENT


@pytest.mark.usefixtures("folder")
def test_a_network_is_chosen_by_its_id() -> None:
    assert find_model("other").path.name == "other.pt"


@pytest.mark.usefixtures("folder")
def test_an_unknown_id_names_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"no network 'big' in .*: choose one of small, other"):
        find_model("big")


def test_one_altered_byte_is_noticed(folder: Path) -> None:
    (folder / "small.pt").write_bytes(CONTENT[:-1] + b"K")
    with pytest.raises(ModelError, match=r"small\.pt' is damaged or altered"):
        read_model(find_model())


def test_a_missing_file_says_so(folder: Path) -> None:
    (folder / "small.pt").unlink()
    with pytest.raises(ModelError, match=r"small\.pt' cannot be read \(No such file"):
        read_model(find_model())


def test_a_missing_manifest_says_so(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"manifest\.json' cannot be read"):
        find_model()


def test_another_contract_is_refused(folder: Path) -> None:
    write_manifest(folder, contract=2)
    with pytest.raises(ModelError, match="follow contract 2, but this BSAFusion needs contract 1"):
        find_model()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"contract": 1}', '{"contract": 1, "default": "a", "models": 3}']
)
def test_a_damaged_manifest_says_so(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    with pytest.raises(ModelError, match=r"manifest\.json' is damaged"):
        find_model()


@pytest.mark.parametrize("name", ["../small.pt", "/etc/passwd", "a/small.pt"])
def test_a_file_outside_the_folder_is_refused(folder: Path, name: str) -> None:
    write_manifest(folder, entry={"file": name})
    with pytest.raises(ModelError, match="is damaged"):
        find_model()


def test_resources_are_found_in_the_sources_and_in_an_installed_extension(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, sources = tmp_path / "qt-scripted-modules", tmp_path / "checkout"
    (sources / "Resources" / "Models").mkdir(parents=True)
    monkeypatch.setattr(model_store, "_ROOTS", (installed, sources))
    assert model_store.resource_path("Models") == sources / "Resources" / "Models"
    (installed / "Resources" / "Models").mkdir(parents=True)
    assert model_store.resource_path("Models") == installed / "Resources" / "Models"
    with pytest.raises(ModelError, match="Resources/Nothing is not installed"):
        model_store.resource_path("Nothing")
