"""One fusion from click to nodes: libraries, volumes to the worker, result into the scene, or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..engine.errors import BSAFusionError, GeometryError, InputError, unexpected
from ..engine.exchange import reading_result, write_reference, writing_volume
from ..engine.volume import Volume
from ..scene.display import show
from ..scene.publish import publish
from ..scene.read import is_warped, reading_volume, transform_note
from ..scene.reference_nodes import ReferenceNodes
from . import summary
from .dependencies import Installer, Lack, install, still_lacking
from .i18n import tr as _
from .private_folder import disk_error, make_private_folder
from .report_page import page_maker
from .request import FusionRequest
from .run import Run
from .scheduler import Scheduler
from .view import Outcome, State, Tone, View
from .worker_client import WorkerClient

_LIFE_CHECK_SECONDS = 5.0
_BYTES_PER_FIXED_VOXEL = 4 * 7 + 3  # itself, fused, aligned, three of displacement, confidence, colour
_BYTES_PER_VOXEL_OF_INVERSE = 2 * 4 * 3  # its grid is larger than the fixed one


class FusionController:
    """Runs one fusion at a time; every method is called, and every answer comes, on the main thread."""

    def __init__(
        self, scene: Any, view: View, worker: WorkerClient, installer: Installer, scheduler: Scheduler
    ) -> None:
        self._scene = scene
        self._view = view
        self._worker = worker
        self._installer = installer
        self._scheduler = scheduler
        self._state = State.IDLE
        self._run: Run | None = None
        self._libraries_seen = False
        self._devices: dict[str, str] = {}

    @property
    def state(self) -> State:
        """Where the present or last run stands."""
        return self._state

    @property
    def devices(self) -> dict[str, str]:
        """Devices that the worker has found, with their free memory; empty before it was started first."""
        return self._devices

    def start(self, request: FusionRequest) -> None:
        """Begin a run; how it ends is told to the view."""
        self._begin(Run(self, request), lambda: self._take_steps(self._prepare()))

    def self_check(self) -> None:
        """Begin a run on the built-in phantom; the report is the outcome's message."""
        self._begin(Run(self, None), self._ask_self_check)

    def cancel(self) -> None:
        """End the run and its process at once; nothing stays behind."""
        if self._run is not None and self._state is State.RUNNING:
            self._set_state(State.CANCELLING)
            self._stop_run()
            self._end(State.IDLE, Outcome(_("Cancelled. Nothing was changed.")))

    def close(self) -> None:
        """End everything, for good."""
        run, self._run = self._run, None
        if run is not None:
            run.release()
            self._state = State.IDLE
        self._worker.stop()

    def _begin(self, run: Run, then: Callable[[], None]) -> None:
        if self._state.is_busy:
            raise RuntimeError("a run is going on")
        self._run = run
        self._set_state(State.RUNNING)
        self._watch_life(run)
        if run.request is not None:
            run.watch(self._scene, lambda sentence: self._lose(run, sentence))
        if self._libraries_seen:
            then()
        else:
            self._view.show_progress(_("Starting PyTorch …"), None)
            self._probe(then, after_install=False)

    def _probe(self, then: Callable[[], None], after_install: bool) -> None:
        def judge(answer: Mapping[str, Any]) -> None:
            lack = Lack.from_probe(answer)
            if not lack:
                self._libraries_seen = True
                self._devices = dict(answer["devices"])
                then()
            elif after_install:
                self.fail(self._current(), still_lacking(lack))
            else:
                self._install(lack, then)

        run = self._current()
        run.then = judge
        self._worker.ask("probe", run)

    def _install(self, lack: Lack, then: Callable[[], None]) -> None:
        run = self._current()
        self._worker.stop()  # what is being replaced must not be in use
        self._set_state(State.INSTALLING)
        try:
            install(lack, self._installer)
        except BSAFusionError as error:
            self.fail(run, error)
            return
        if run is self._run:  # the scene may have been closed meanwhile
            self._set_state(State.RUNNING)
            self._probe(then, after_install=True)

    def _ask_self_check(self) -> None:
        run = self._current()
        run.then = self._finish_check
        self._worker.ask("self-check", run)

    def _prepare(self) -> Iterator[None]:
        """Read both volumes and hand them to the worker, in steps between which the window stays alive."""
        run = self._current()
        assert run.request is not None
        self._view.show_progress(_("Reading the volumes …"), None)
        yield
        volumes = {}
        for role, node_id in run.nodes.items():
            node = self._scene.GetNodeByID(node_id)
            if is_warped(node):
                run.notes.append(str(transform_note(node)))
            volumes[role] = yield from reading_volume(node, role)
            run.places[role] = volumes[role].ijk_to_ras
        config = run.config = run.request.complete_config(self._scene)
        per_voxel = _BYTES_PER_FIXED_VOXEL + config.inverse * _BYTES_PER_VOXEL_OF_INVERSE
        needed = volumes["fixed"].array.size * per_voxel + volumes["moving"].array.size * 4
        run.folder = make_private_folder(needed)
        entries: dict[str, Any] = {}
        for role, volume in volumes.items():
            entries[role] = yield from writing_volume(run.folder, role, volume)
        entries["reference"] = self._write_reference(run, run.folder, volumes)
        run.then = lambda message: self._take_steps(self._publish(message))
        self._worker.ask("fuse", run, folder=str(run.folder), config=config.as_dict(), **entries)

    def _write_reference(
        self, run: Run, folder: Path, volumes: Mapping[str, Volume]
    ) -> dict[str, Any] | None:
        """Hand over what the result shall be measured with, where that was chosen."""
        assert run.request is not None
        if run.request.reference == ReferenceNodes():
            return None
        from ..scene.reference import read_reference  # imports SimpleITK

        grids = (volumes["fixed"].grid, volumes["moving"].grid)
        return write_reference(folder, read_reference(self._scene, run.request.reference, *grids))

    def _publish(self, message: Mapping[str, Any]) -> Iterator[None]:
        """Put the result into the scene, all of it or nothing."""
        run = self._current()
        assert run.request is not None
        assert run.folder is not None
        self._view.show_progress(_("Putting the result into the scene …"), 1.0)
        yield
        result = yield from reading_result(run.folder, dict(message))
        run.remove_folder()
        result.report["warnings"] = [*run.notes, *result.report.get("warnings", [])]
        yield
        self._check_places(run)
        fixed, moving = run.nodes["fixed"], run.nodes["moving"]
        origin = summary.provenance(result.report, run.config)
        # From here to the end in one step: what is in the scene can no longer be cancelled.
        published = publish(self._scene, result, fixed, moving, run.request.outputs, origin)
        run.release()
        show(self._scene, published, fixed)
        told = summary.outcome(result.report, time.monotonic() - run.began, published)
        self._end(State.DONE, replace(told, page=page_maker(self._scene, result, run.nodes)))

    def _check_places(self, run: Run) -> None:
        """Refuse to publish beside a volume that was moved meanwhile."""
        for role, node_id in run.nodes.items():
            if run.has_moved(self._scene.GetNodeByID(node_id), role):
                raise GeometryError(
                    f"The {role} volume was moved during the run: the result was discarded, run again."
                )

    def _take_steps(self, steps: Iterator[None]) -> None:
        """Take one step now and the others later, as long as the run goes on."""
        run = self._current()

        def step() -> None:
            if run is not self._run:
                return
            try:
                next(steps)
            except StopIteration:
                return
            except BSAFusionError as error:
                self.fail(run, error)
            except OSError as error:
                self.fail(run, disk_error(error))
            except Exception as error:
                self.fail(run, unexpected(error))
            else:
                self._scheduler.later(0, step)

        step()

    def progress(self, run: Run, text: str, fraction: float | None) -> None:
        """Show progress of the present run."""
        if run is self._run:
            self._view.show_progress(text, fraction)

    def log(self, run: Run, text: str) -> None:
        """Show a line of the worker's log."""
        if run is self._run:
            self._view.show_log(text)

    def fail(self, run: Run, error: BSAFusionError) -> None:
        """End the present run with an error."""
        if run is self._run:
            run.release()
            self._end(State.FAILED, Outcome(error.message, error.details, error=error, tone=Tone.FAILED))

    def _finish_check(self, message: Mapping[str, Any]) -> None:
        """End a self-check with its report."""
        self._end(State.DONE, summary.self_check_outcome(message))

    def _lose(self, run: Run, sentence: str) -> None:
        if run is self._run:
            self._worker.stop()
            self.fail(run, InputError(sentence))

    def _stop_run(self) -> None:
        self._worker.stop()
        self._current().release()

    def _end(self, state: State, outcome: Outcome) -> None:
        self._run = None
        self._view.show_outcome(outcome)
        self._set_state(state)

    def _watch_life(self, run: Run) -> None:
        if run is self._run:
            self._worker.check_life()
            self._scheduler.later(_LIFE_CHECK_SECONDS, lambda: self._watch_life(run))

    def _current(self) -> Run:
        assert self._run is not None
        return self._run

    def _set_state(self, state: State) -> None:
        self._state = state
        self._view.show_state(state)
