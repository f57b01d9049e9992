"""Judge sound and spoilt runs, and count how often the verdict is right.

Folders: limbs, one per patient with {CT,MR_T1,PET}_image.nii.gz in one frame (the layout of the IBSI
soft-tissue sarcoma set); atlas, with {CT,SPECT}-MRI of aligned slices; templates, with the SPM files T1, T2,
PD, PET, SPECT and TPM.nii. In four steps, each of which goes on where it was left:

search finds the initial alignment of every run, and keeps it under a name of the code that found it;
measure fuses from there, and keeps what the verdict is made of;
fit weighs the signs anew on the calibration half, and prints what verdict_thresholds.py should hold;
table judges all runs by the present thresholds, in a second, in Markdown.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from BSAFusionLib.engine import FusionConfig, FusionResult
from BSAFusionLib.engine.alignment import align
from BSAFusionLib.engine.errors import BSAFusionError
from BSAFusionLib.engine.model_store import find_model
from BSAFusionLib.engine.network import FusionNetwork, load_network
from BSAFusionLib.engine.pipeline import fuse
from BSAFusionLib.engine.verdict import CHECK, DO_NOT_USE, GOOD, judge
from numpy.typing import NDArray

from .verdict_cases import SOUND, SPOILT, Case, make_case
from .verdict_data import TruePair, read_pairs
from .verdict_fit import fit_signs, put_right
from .verdict_store import Row, Rows, alignment_of, alignment_row, search_digest, turn

Plan = list[tuple[int, str]]


def plan_runs(pairs: Sequence[TruePair], seed: int) -> Plan:
    """Three sound and three spoilt runs of every brain, one of each of every limb, in random order."""
    plan: Plan = []
    for anatomy, count in (("brain", 3), ("limb", 1)):
        chosen = [index for index, pair in enumerate(pairs) if pair.anatomy == anatomy]
        for place, index in enumerate(chosen):
            for n in range(count):
                plan.append((index, SOUND[(place + n) % len(SOUND)]))
                plan.append((index, SPOILT[(3 * place + n) % len(SPOILT)]))
    order = np.random.default_rng(seed).permutation(len(plan))
    return [plan[n] for n in order]


def search(options: argparse.Namespace) -> None:
    """Find the initial alignments that have not been found yet."""
    rows = _alignments(options)
    for number, case in _cases(options, rows.read()):
        began = time.process_time()
        found = align(case.fixed, case.moving, case.init)
        row = {"number": number, "name": case.name, "alignment": alignment_row(found)}
        rows.append(row | {"cpu_seconds": time.process_time() - began})
        print(number, case.name, f"{time.process_time() - began:.1f} s", flush=True)


def measure(options: argparse.Namespace) -> None:
    """Fuse what has been aligned and not fused yet."""
    network = load_network("cpu")
    starts, rows = _alignments(options).read(), _runs(options, network.id)
    for number, case in _cases(options, rows.read(), starts):
        if starts[number]["name"] != case.name:
            raise SystemExit("The alignments belong to other data: give a new folder as --out.")
        began = time.process_time()
        row = {"number": number, "name": case.name, "kind": case.kind, "patient": case.patient}
        row |= {"sound": case.sound} | _run(case, starts[number], network)
        rows.append(row | {"cpu_seconds": time.process_time() - began})
        print(number, case.name, row.get("err", "refused"), flush=True)


def _alignments(options: argparse.Namespace) -> Rows:
    return Rows(options.out / f"alignments-{options.search or search_digest()}.jsonl")


def _runs(options: argparse.Namespace, network: str) -> Rows:
    return Rows(options.out / f"runs-{network}.jsonl")


def _cases(
    options: argparse.Namespace, done: dict[int, Row], ready: dict[int, Row] | None = None
) -> Iterator[tuple[int, Case]]:
    """What is left of this part of the plan, as far as it is ready."""
    pairs = read_pairs(options.limbs, options.atlas, options.templates)
    plan = plan_runs(pairs, options.seed)
    left = [n for n in range(len(plan)) if n not in done and (ready is None or n in ready)]
    for number in turn(left, options.part, options.minutes):
        yield number, make_case(pairs, *plan[number], options.seed)


def _run(case: Case, start: Row, network: FusionNetwork) -> Row:
    fixed, moving = case.modalities
    config = FusionConfig(fixed_modality=fixed, modality=moving, init=case.init, device="cpu")
    try:
        result = fuse(case.fixed, case.moving, config, network, alignment=alignment_of(start["alignment"]))
    except BSAFusionError as error:
        return {"refused": str(error)}
    return {
        "err": _error_mm(case, result, result.displacement),
        "err_rigid": _error_mm(case, result, np.zeros_like(result.displacement)),
        "numbers": result.report["verdict"]["numbers"],
    }


def _error_mm(case: Case, result: FusionResult, displacement: NDArray[np.float32]) -> float:
    """Mean distance of the case's points from where they belong, mm; -1 where there is no right answer."""
    if case.truth is None:
        return -1.0
    ras_to_ijk = np.linalg.inv(result.fused.ijk_to_ras)
    index = np.rint(case.points @ ras_to_ijk[:3, :3].T + ras_to_ijk[:3, 3]).astype(int)
    i, j, k = np.clip(index, 0, np.array(result.fused.shape[::-1]) - 1).T
    moved = case.points + displacement[k, j, i]
    moved = moved @ result.initial[:3, :3].T + result.initial[:3, 3]
    return float(np.linalg.norm(moved - case.truth(case.points), axis=1).mean())


def fit(options: argparse.Namespace) -> None:
    """Print what verdict_thresholds.py should hold, and what its bounds would do."""
    rows = [row for row in next(_halves(options)) if "refused" not in row]
    print("\n".join(fit_signs(rows)))


def table(options: argparse.Namespace) -> None:
    """Print the verdicts by kind and the true errors by verdict, for both halves of the patients."""
    for name, rows in zip(("Calibration half", "Test half"), _halves(options), strict=True):
        print(f"\n**{name}** ({len({row['patient'] for row in rows})} patients)\n")
        print("\n".join(_lines(rows)))


def _halves(options: argparse.Namespace) -> Iterator[list[Row]]:
    """Runs of one half of the patients, and of the other; who belongs to which does not change."""
    rows = list(_runs(options, options.network or find_model().id).read().values())
    for half in range(2):
        yield [row for row in rows if crc32(row["patient"].encode()) % 2 == half]


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    errors: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        verdict = "refused" if "refused" in row else judge(row["numbers"])["verdict"]
        right = put_right(row)
        group = "spoilt, yet put right" if right else row["kind"]
        counts[group][verdict] += 1
        if row["sound"] and verdict != "refused":
            errors[verdict].append(row["err"])
        if not right:
            counts["**all sound**" if row["sound"] else "**all spoilt**"][verdict] += 1
    names = (GOOD, CHECK, DO_NOT_USE, "refused")
    yield f"| runs | {' | '.join(names)} |\n| --- {'| --- ' * len(names)}|"
    for group in (*SOUND, "**all sound**", *SPOILT, "**all spoilt**", "spoilt, yet put right"):
        yield f"| {group} | {' | '.join(str(counts[group][name]) for name in names)} |"
    yield "\n| sound runs called | median error, mm | 90 % below | largest |\n| --- | --- | --- | --- |"
    for name, found in errors.items():
        yield f"| {name} | {np.median(found):.1f} | {np.percentile(found, 90):.1f} | {max(found):.1f} |"


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    steps = {"search": search, "measure": measure, "fit": fit, "table": table}
    parser.add_argument("what", choices=steps)
    parser.add_argument("--out", type=Path, required=True, help="folder with what was found, a file a step")
    for name in ("limbs", "atlas", "templates"):
        parser.add_argument(f"--{name}", type=Path, default=Path(name))
    parser.add_argument("--part", default="0/1", help="n/m: every m-th run from the n-th")
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further run after this time")
    parser.add_argument("--search", help="name of older code whose alignments shall be taken")
    parser.add_argument("--network", help="whose runs fit and table take; the one that ships")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    steps[options.what](options)


if __name__ == "__main__":
    main()
