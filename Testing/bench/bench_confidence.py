"""Calibrate the confidence map on held-out patients, and print how well it orders the true error.

Slices of the patients in split.json are deformed by the published family at several strengths and registered;
the signs of error that the engine measures are set against the true error inside the head. Every patient is
predicted with a calibration of the others; the file that is written is made of all of them. Run it again for
a new network: python Testing/bench/bench_confidence.py DATA --write. A network that has learnt from these
patients, too, would be measured too well: name with --earlier its state before that.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bsafusion_training.data.pairs import read_sets
from bsafusion_training.evaluation import make_trial
from BSAFusionLib.engine.disagreement import SIGNS, signs_of_error
from BSAFusionLib.engine.model_store import find_model, resource_path
from BSAFusionLib.engine.network import FusionNetwork, TorchNetwork, load_network
from numpy.typing import NDArray

OFFSETS = (0.1, 0.1, 0.1, 0.1, 0.05)
LIMIT_MM = 2.0
STEP = 4  # px between the places that are looked at; the displacement is correlated over 16
KNOTS = 16
LEAST_ERROR = 0.05  # px, added so that the logarithm of a perfect place exists

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Places:
    """What was found at places: set, patient, strength (n,), error in px (n,), signs (n, 5)."""

    group: NDArray[np.str_]
    strength: Numbers
    error: Numbers
    signs: Numbers

    def where(self, chosen: NDArray[np.bool_]) -> Places:
        return Places(self.group[chosen], self.strength[chosen], self.error[chosen], self.signs[chosen])


def earlier(file: Path) -> FusionNetwork:
    """Load an exported network that is not installed."""
    content = file.read_bytes()
    return TorchNetwork(content, file.stem, "", hashlib.sha256(content).hexdigest())


def measure(network: FusionNetwork, data: Path, every: int, strengths: list[float]) -> Places:
    """Register deformed slices of the held-out patients and look at places inside the head."""
    groups, amounts, errors, signs = [], [], [], []
    for group, strength, error, found in _trials(network, data, every, strengths):
        groups += [group] * error.size
        amounts += [strength] * error.size
        errors.append(error)
        signs.append(found)
    return Places(np.array(groups), np.array(amounts), np.concatenate(errors), np.concatenate(signs))


def _trials(
    network: FusionNetwork, data: Path, every: int, strengths: list[float]
) -> Iterator[tuple[str, float, Numbers, Numbers]]:
    for name, pairs in read_sets(data, "validation").items():
        for index in range(0, len(pairs), every):
            for strength in strengths:
                trial = make_trial(pairs, index, strength, seed=1)
                fixed, moving = trial.fixed[0].numpy(), trial.moving[0].numpy()
                found = network.register(fixed, moving)
                signs = signs_of_error(network, fixed, moving, found)[0]
                error = np.linalg.norm(found - trial.truth.numpy(), axis=1)[0]
                place = (slice(STEP // 2, None, STEP),) * 2
                head = trial.head[0, 0].numpy()[place]
                group = f"{name} {pairs.cases[index]}"
                yield group, strength, error[place][head].astype(float), signs[:, *place][:, head].T
        print(f"{name} measured", flush=True)


def fit(places: Places) -> dict[str, list[float]]:
    """A log-linear estimate by its signs (gamma regression), then what was found behind it, kept monotone."""
    features = np.column_stack([np.ones(places.error.size), np.log(places.signs + OFFSETS)])
    weights = np.zeros(features.shape[1])
    weights[0] = np.log(places.error.mean() + LEAST_ERROR)
    curvature = features.T @ features + 1e-3 * np.eye(weights.size)
    for _ in range(40):
        estimate = np.exp(features @ weights)
        weights += np.linalg.solve(curvature, features.T @ ((places.error + LEAST_ERROR) / estimate - 1))
    estimate = np.exp(features @ weights)
    bins = np.array_split(np.argsort(estimate, kind="stable"), KNOTS)
    expected = np.maximum.accumulate([places.error[each].mean() for each in bins])
    within = np.minimum.accumulate([(places.error[each] < LIMIT_MM).mean() for each in bins])
    rising = expected + 1e-4 * np.arange(KNOTS)
    knots = [float(np.median(estimate[each])) for each in bins]
    return {
        "offsets": list(OFFSETS),
        "weights": np.round(weights, 5).tolist(),
        "estimate": np.round(knots, 5).tolist(),
        "expected": np.round(rising, 4).tolist(),
        "within": np.round(within, 4).tolist(),
    }


def predict(fitted: dict[str, list[float]], places: Places) -> tuple[Numbers, Numbers]:
    """Expected error, px, and confidence, as the engine computes them."""
    features = np.log(places.signs + np.array(fitted["offsets"]))
    first = np.exp(fitted["weights"][0] + features @ np.array(fitted["weights"][1:]))
    expected = np.interp(first, fitted["estimate"], fitted["expected"])
    return expected, np.interp(expected, fitted["expected"], fitted["within"])


def held_out(places: Places) -> tuple[Numbers, Numbers]:
    """Predict every patient with a fit of the others."""
    expected, within = np.zeros(places.error.size), np.zeros(places.error.size)
    for group in np.unique(places.group):
        there = places.group == group
        fitted = fit(places.where(~there))
        expected[there], within[there] = predict(fitted, places.where(there))
    return expected, within


def table(places: Places, expected: Numbers, within: Numbers) -> str:
    """The mean true error of each quarter of the places, by expected error, as Markdown."""
    lines = [
        "| places | count | mean true error by quarter of expected error, mm | share under 2 mm by quarter "
        "| expected, mm | confidence |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    every = np.ones(places.error.size, bool)
    sets = np.array([group.split()[0] for group in places.group])
    rows = {"all": every}
    rows |= {name: sets == name for name in np.unique(sets)}
    rows |= {f"strength {amount:g}": places.strength == amount for amount in np.unique(places.strength)}
    for name, chosen in rows.items():
        quarters = np.array_split(np.flatnonzero(chosen)[np.argsort(expected[chosen], kind="stable")], 4)
        cells = [
            str(int(chosen.sum())),
            ", ".join(f"{places.error[each].mean():.2f}" for each in quarters),
            ", ".join(f"{(places.error[each] < LIMIT_MM).mean():.2f}" for each in quarters),
            ", ".join(f"{expected[each].mean():.2f}" for each in quarters),
            ", ".join(f"{within[each].mean():.2f}" for each in quarters),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, and write the file when asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with CT-MRI, PET-MRI and SPECT-MRI")
    parser.add_argument("--every", type=int, default=3, help="take every so-manieth slice")
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.0, 0.5, 1.0, 1.5])
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--earlier", type=Path, help="exported file to measure in place of the bundled network"
    )
    parser.add_argument("--write", action="store_true", help="write Resources/confidence.json")
    options = parser.parse_args()
    network = earlier(options.earlier) if options.earlier else load_network(options.device)
    places = measure(network, options.data, options.every, options.strengths)
    text = table(places, *held_out(places))
    print(text)
    if options.write:
        model = find_model()
        content = {
            "model": model.id,
            "sha256": model.sha256,
            "signs": list(SIGNS),
            "limit_mm": LIMIT_MM,
            **fit(places),
            "measured": {
                "how": "held-out patients of split.json, published deformation, seed 1",
                "network": network.id,
                "every": options.every,
                "strengths": options.strengths,
                "places": int(places.error.size),
                "table": text.splitlines(),
            },
        }
        path = resource_path("UI").parent / "confidence.json"
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
