"""BSAFusion in Slicer: the module, its panel, its logic for scripts, and its self-test."""

import sys
from typing import Any

import slicer
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
        self.panel = self.applyPanel = None
        self._shown = parent is None
        ScriptedLoadableModuleWidget.__init__(self, parent)  # calls setup when there is no parent

    def setup(self) -> None:
        """Load the widgets and connect them."""
        from BSAFusionLib.engine.model_store import resource_path
        from BSAFusionLib.panel.apply_panel import ApplyPanel
        from BSAFusionLib.panel.fusion_panel import FusionPanel

        ScriptedLoadableModuleWidget.setup(self)
        scene = slicer.mrmlScene
        widget = slicer.util.loadUI(str(resource_path("UI/BSAFusion.ui")))
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        widget.setMRMLScene(scene)
        self.logic, self.panel = BSAFusionLogic(), FusionPanel(self.ui, scene)
        self.applyPanel = ApplyPanel(self.layout, scene)
        self.panel.on_transform = self.applyPanel.follow
        self.panel.close_layout(self.layout)
        self.addObserver(scene, scene.StartCloseEvent, self._on_scene_start_close)
        for event in (scene.EndCloseEvent, scene.EndImportEvent, scene.NodeAddedEvent):
            self.addObserver(scene, event, self._on_scene_changed)
        self._follow_scene()

    def cleanup(self) -> None:
        """Leave nothing behind: no worker, no observer."""
        self.panel.close()
        self.removeObservers()

    def enter(self) -> None:
        """Take up what has changed in the scene meanwhile."""
        self._shown = True
        self._follow_scene()

    def exit(self) -> None:
        """Choose no volumes on one's own while nobody looks, and leave the views as they were."""
        self._shown = False
        self.panel.review.leave()

    def onReload(self) -> None:
        """Reload the library as well, which Slicer does not do on its own."""
        for name in [name for name in sys.modules if name.startswith("BSAFusionLib")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def _on_scene_start_close(self, *_event: Any) -> None:
        self.panel.set_parameters(None)

    def _on_scene_changed(self, scene: Any, _event: str) -> None:
        if self._shown and not scene.IsBatchProcessing():
            self._follow_scene()

    def _follow_scene(self) -> None:
        self.panel.set_parameters(self.logic.getParameterNode())


class BSAFusionLogic(ScriptedLoadableModuleLogic):
    """For scripts; needs no panel."""

    def __init__(self, parent: Any = None) -> None:
        ScriptedLoadableModuleLogic.__init__(self, parent)
        self._parameters = None

    def getParameterNode(self) -> Any:
        """Return the settings of the present scene, typed; the same object as long as their node is."""
        from BSAFusionLib.panel.parameters import FusionParameters

        node = super().getParameterNode()
        if self._parameters is None or self._parameters.parameterNode is not node:
            self._parameters = FusionParameters(node)
        return self._parameters

    def process(self, fixedNode: Any, movingNode: Any, outputs: Any = None, **options: Any) -> Any:
        """Fuse two scalar volume nodes; returns the result nodes. See BSAFusionLib.app.script.fuse_nodes."""
        from BSAFusionLib.app.script import fuse_nodes
        from BSAFusionLib.panel.installer import SlicerInstaller

        return fuse_nodes(slicer.mrmlScene, fixedNode, movingNode, SlicerInstaller(), outputs, options)

    def apply(self, transformNode: Any, nodes: Any, **options: Any) -> Any:
        """Copy nodes into the fixed space, or with inverse=True back; see app.script.apply_to_nodes."""
        from BSAFusionLib.app.script import apply_to_nodes

        return apply_to_nodes(slicer.mrmlScene, transformNode, nodes, **options)


class BSAFusionTest(ScriptedLoadableModuleTest):
    """The self-test that Slicer and CTest run."""

    def setUp(self) -> None:
        """Begin with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self, **_options: Any) -> None:
        """Fuse the phantom pair from a script and from the panel; cancel; refuse bad input."""
        from BSAFusionLib.panel.self_test import run_all

        run_all(self, BSAFusionLogic(), BSAFusionWidget)
