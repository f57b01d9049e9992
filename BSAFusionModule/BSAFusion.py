"""BSAFusion in Slicer: the module, its panel, its logic for scripts, and its self-test."""

import sys
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class BSAFusion(ScriptedLoadableModule):
    """What Slicer lists; made at start-up, so nothing else is imported."""

    def __init__(self, parent: Any) -> None:
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("BSAFusion")
        parent.categories = [_("Registration")]
        parent.dependencies = []
        parent.contributors = ["BSAFusion maintainers"]
        parent.helpText = _(
            "Aligns a CT, PET or SPECT volume with an MRI and fuses both into one picture. Choose the fixed "
            "volume (usually the MRI) and the moving volume, then press Fuse. Results are for display only."
        )
        parent.acknowledgementText = _(
            "The method is that of H. Li, D. Su, Q. Cai and Y. Zhang, BSAFusion: A Bidirectional Stepwise "
            "Feature Alignment Network for Unaligned Medical Image Fusion, AAAI 2025 (arXiv 2412.08050): "
            "please cite it."
        )
        slicer.app.connect("startupCompleted()", register_sample_data)


def register_sample_data() -> None:
    """Add the phantom pair to the Sample Data module."""
    from BSAFusionLib.panel.sample_data import register

    register()


class BSAFusionWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel; its parts are imported when it is opened."""

    def __init__(self, parent: Any = None) -> None:
        VTKObservationMixin.__init__(self)
        self.logic = None
        self.panel = None
        self._parameters = None
        self._gui_tag = None
        self._shown = parent is None
        ScriptedLoadableModuleWidget.__init__(self, parent)  # calls setup when there is no parent

    def setup(self) -> None:
        """Load the widgets and connect them."""
        from BSAFusionLib.engine.model_store import resource_path
        from BSAFusionLib.panel.fusion_panel import FusionPanel

        ScriptedLoadableModuleWidget.setup(self)
        widget = slicer.util.loadUI(str(resource_path("UI/BSAFusion.ui")))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(slicer.mrmlScene)
        self.logic = BSAFusionLogic()
        self.panel = FusionPanel(self.ui, slicer.mrmlScene)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self._on_scene_start_close)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self._on_scene_end_close)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndImportEvent, self._on_scene_end_close)
        self._use_parameters(self.logic.getParameterNode())

    def cleanup(self) -> None:
        """Leave nothing behind: no worker, no observer."""
        self._use_parameters(None)
        self.panel.close()
        self.removeObservers()

    def enter(self) -> None:
        """Take up the parameter node of the present scene."""
        self._shown = True
        self._use_parameters(self.logic.getParameterNode())

    def exit(self) -> None:
        """Stop following the parameter node."""
        self._shown = False
        self._use_parameters(None)

    def onReload(self) -> None:
        """Reload the library as well, which Slicer does not do on its own."""
        for name in [name for name in sys.modules if name.startswith("BSAFusionLib")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def _on_scene_start_close(self, _scene: Any, _event: str) -> None:
        self._use_parameters(None)

    def _on_scene_end_close(self, _scene: Any, _event: str) -> None:
        if self._shown:
            self._use_parameters(self.logic.getParameterNode())

    def _use_parameters(self, parameters: Any) -> None:
        if self._parameters is not None:
            self._parameters.disconnectGui(self._gui_tag)
            self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self._on_modified)
        self._parameters = parameters
        if parameters is not None:
            self._gui_tag = parameters.connectGui(self.ui)
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._on_modified)
        self.panel.set_parameters(parameters)

    def _on_modified(self, _node: Any, _event: str) -> None:
        self.panel.refresh()


class BSAFusionLogic(ScriptedLoadableModuleLogic):
    """For scripts; needs no panel."""

    def getParameterNode(self) -> Any:
        """Return the settings of the present scene, typed."""
        from BSAFusionLib.panel.parameters import FusionParameters

        return FusionParameters(super().getParameterNode())

    def process(self, fixedNode: Any, movingNode: Any, outputs: Any = None, **options: Any) -> Any:
        """Fuse two scalar volume nodes; returns the result nodes. See BSAFusionLib.app.script.fuse_nodes."""
        from BSAFusionLib.app.script import fuse_nodes
        from BSAFusionLib.panel.installer import SlicerInstaller

        return fuse_nodes(slicer.mrmlScene, fixedNode, movingNode, SlicerInstaller(), outputs, options)


class BSAFusionTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer and CTest run."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self, **_options: Any) -> None:
        """Fuse the phantom pair from a script and from the panel; cancel; refuse bad input."""
        from BSAFusionLib.panel.self_test import run_all

        run_all(self, BSAFusionLogic(), BSAFusionWidget)
