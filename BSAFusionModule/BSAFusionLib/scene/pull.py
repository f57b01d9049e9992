"""Images sampled through a transform, by VTK, which reads Slicer's transforms as they are."""

from __future__ import annotations

import numpy as np
import vtk
from numpy.typing import NDArray

from .vtk_bridge import matrix

_SINC_HALF_WIDTH = 3  # voxels


def pull(
    image: vtk.vtkImageData,
    ijk_to_own: NDArray[np.float64],
    chain: vtk.vtkAbstractTransform,
    shape: tuple[int, int, int],
    ijk_to_target: NDArray[np.float64],
    interpolation: str,
) -> vtk.vtkImageData:
    """Sample image at chain(point) for every voxel of a target grid; spacing 1, origin 0.

    ijk_to_own: from indices of image to the space that chain leads to; ijk_to_target: from indices of the
    target grid, of shape (K, J, I), to the space that chain starts from; all in mm.
    interpolation: nearest, which keeps the type of the numbers; linear or sinc (Hamming window), which give
    float, or for colours, with several values a voxel, the image's own type.
    Outside the image: its smallest value; 0 with nearest.
    """
    reslice = reslicer(image, ijk_to_own, chain, ijk_to_target, interpolation)
    slices, rows, columns = shape
    reslice.SetOutputExtent(0, columns - 1, 0, rows - 1, 0, slices - 1)
    reslice.Update()
    return reslice.GetOutput()


def reslicer(
    image: vtk.vtkImageData,
    ijk_to_own: NDArray[np.float64],
    chain: vtk.vtkAbstractTransform,
    ijk_to_target: NDArray[np.float64],
    interpolation: str,
) -> vtk.vtkImageReslice:
    """As `pull`, for any part of the target grid: its output extent is to be set."""
    # A plain matrix is far faster than a chain of matrices. The last one concatenated is applied first.
    whole = vtk.vtkTransform() if chain.IsA("vtkLinearTransform") else vtk.vtkGeneralTransform()
    whole.Concatenate(matrix(np.linalg.inv(ijk_to_own)))
    whole.Concatenate(chain)
    whole.Concatenate(matrix(ijk_to_target))
    plain = vtk.vtkImageData()
    plain.ShallowCopy(image)
    plain.SetSpacing(1, 1, 1)
    plain.SetOrigin(0, 0, 0)
    plain.SetDirectionMatrix(1, 0, 0, 0, 1, 0, 0, 0, 1)
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(plain)
    reslice.SetResliceTransform(whole)
    _choose(reslice, image, interpolation)
    reslice.SetOutputSpacing(1, 1, 1)
    reslice.SetOutputOrigin(0, 0, 0)
    return reslice


def _choose(reslice: vtk.vtkImageReslice, image: vtk.vtkImageData, interpolation: str) -> None:
    if interpolation == "nearest":
        reslice.SetInterpolationModeToNearestNeighbor()
        reslice.SetBackgroundLevel(0)
        return
    if interpolation == "sinc":
        sinc = vtk.vtkImageSincInterpolator()
        sinc.SetWindowFunctionToHamming()
        sinc.SetWindowHalfWidth(_SINC_HALF_WIDTH)
        reslice.SetInterpolator(sinc)
    else:
        reslice.SetInterpolationModeToLinear()
    if image.GetNumberOfScalarComponents() == 1:
        reslice.SetOutputScalarType(vtk.VTK_FLOAT)
        reslice.SetBackgroundLevel(image.GetScalarRange()[0])
