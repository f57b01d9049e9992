from pathlib import Path

import pytest
from BSAFusionLib.command_line.output_folder import OutputFolder
from BSAFusionLib.engine.errors import InputError


def write(folder: OutputFolder, **texts: str) -> None:
    for name, text in texts.items():
        (folder.private / f"{name}.nrrd").write_text(text)


def write_and_fail(path: Path, force: bool, error: type[BaseException]) -> None:
    with OutputFolder(path, force, inputs=[]) as output:
        write(output, fused="new")
        raise error("full")


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_published_files_and_nothing_else_arrive(tmp_path: Path) -> None:
    with OutputFolder(tmp_path / "a" / "b", force=False, inputs=[]) as output:
        write(output, fused="new", other="scratch")
        assert output.publish() == ["fused.nrrd"]
    assert contents(tmp_path / "a" / "b") == {"fused.nrrd": "new"}


def test_a_failure_removes_every_folder_that_was_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="full"):
        write_and_fail(tmp_path / "a" / "b", force=False, error=ValueError)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_an_existing_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "fused.nrrd").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_and_fail(tmp_path, force=True, error=KeyboardInterrupt)
    assert contents(tmp_path) == {"fused.nrrd": "old"}


def test_force_replaces_all_earlier_results_and_keeps_other_files(tmp_path: Path) -> None:
    for name in ("fused.nrrd", "fused_color.nrrd", "notes.txt"):
        (tmp_path / name).write_text("old")
    with OutputFolder(tmp_path, force=True, inputs=[]) as output:
        write(output, fused="new")
        output.publish()
    assert contents(tmp_path) == {"fused.nrrd": "new", "notes.txt": "old"}


def test_earlier_results_come_back_when_publishing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fused.nrrd").write_text("old")
    rename = Path.replace

    def fail_for_new(source: Path, target: Path) -> Path:
        if source.name == "aligned.nrrd":
            raise OSError("no")
        return rename(source, target)

    with OutputFolder(tmp_path, force=True, inputs=[]) as output:
        write(output, fused="new", aligned="new")
        monkeypatch.setattr(Path, "replace", fail_for_new)
        with pytest.raises(OSError, match="no"):
            output.publish()
    assert contents(tmp_path) == {"fused.nrrd": "old"}


def test_a_folder_that_is_not_empty_needs_force(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("old")
    with pytest.raises(InputError, match="not empty"), OutputFolder(tmp_path, False, []):
        pass


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("old")
    with pytest.raises(InputError, match="is a file"), OutputFolder(file, True, []):
        pass


def test_a_folder_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("old")
    with pytest.raises(InputError, match="Nothing can be written"):
        OutputFolder(tmp_path / "notes.txt" / "a", True, []).__enter__()


def test_an_input_is_never_replaced(tmp_path: Path) -> None:
    volume = tmp_path / "fused.nrrd"
    volume.write_text("the only copy")
    with pytest.raises(InputError, match="is an input"), OutputFolder(tmp_path, True, [volume]):
        pass
    assert contents(tmp_path) == {"fused.nrrd": "the only copy"}
