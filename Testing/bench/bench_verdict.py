"""Judge sound and spoilt runs, and count how often the verdict is right.

Folders: limbs, one per patient with {CT,MR_T1,PET}_image.nii.gz in one frame (the layout of the IBSI
soft-tissue sarcoma set); atlas, with {CT,SPECT}-MRI of aligned slices; templates, with the SPM files T1, T2,
PD, PET, SPECT and TPM.nii. measure fuses and writes one JSON file per run into --out; several may run side by
side, and --quick shortens the search of the initial alignment. table judges what lies there by the present
thresholds, in a second, in Markdown.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from BSAFusionLib.engine import FusionConfig, FusionResult, alignment_search, fuse
from BSAFusionLib.engine.errors import BSAFusionError
from BSAFusionLib.engine.verdict import CHECK, DO_NOT_USE, GOOD, judge

from .verdict_cases import SOUND, SPOILT, Case, make_case
from .verdict_data import TruePair, read_pairs

_RECOVERED_MM = 4.0  # a spoilt pair that was put right all the same is not counted

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


def measure(options: argparse.Namespace) -> None:
    """Fuse what has not been fused yet."""
    if options.quick:
        alignment_search._STAGES = tuple(
            replace(stage, points=stage.points // 2, survivors=max(1, stage.survivors // 2))
            for stage in alignment_search._STAGES
        )
    pairs = read_pairs(options.limbs, options.atlas, options.templates)
    options.out.mkdir(parents=True, exist_ok=True)
    for number, (index, kind) in enumerate(plan_runs(pairs, options.seed)):
        claim = options.out / f"{number:04d}.claim"
        try:
            claim.touch(exist_ok=False)
        except FileExistsError:
            continue
        row = _run(make_case(pairs, index, kind, options.seed))
        (options.out / f"{number:04d}.json").write_text(json.dumps(row))
        print(number, row["name"], row.get("err", "refused"), flush=True)


def _run(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": case.name,
        "kind": case.kind,
        "patient": case.patient,
        "sound": case.sound,
    }
    fixed, moving = case.modalities
    config = FusionConfig(fixed_modality=fixed, modality=moving, init=case.init, device="cpu")
    try:
        result = fuse(case.fixed, case.moving, config)
    except BSAFusionError as error:
        return row | {"refused": str(error)}
    return row | {"err": _error_mm(case, result), "numbers": result.report["verdict"]["numbers"]}


def _error_mm(case: Case, result: FusionResult) -> float:
    """Mean distance of the case's points from where they belong, mm; -1 where there is no right answer."""
    if case.truth is None:
        return -1.0
    ras_to_ijk = np.linalg.inv(result.fused.ijk_to_ras)
    index = np.rint(case.points @ ras_to_ijk[:3, :3].T + ras_to_ijk[:3, 3]).astype(int)
    i, j, k = np.clip(index, 0, np.array(result.fused.shape[::-1]) - 1).T
    moved = case.points + result.displacement[k, j, i]
    moved = moved @ result.initial[:3, :3].T + result.initial[:3, 3]
    return float(np.linalg.norm(moved - case.truth(case.points), axis=1).mean())


def table(options: argparse.Namespace) -> None:
    """Print the verdicts by kind and the true errors by verdict, for both halves of the patients."""
    rows = [json.loads(file.read_text()) for file in sorted(options.out.glob("*.json"))]
    patients = sorted({row["patient"] for row in rows if "patient" in row})
    for half, name in enumerate(("Calibration half", "Test half")):
        chosen = set(patients[half::2])
        print(f"\n**{name}** ({len(chosen)} patients)\n")
        print("\n".join(_lines([row for row in rows if row.get("patient") in chosen])))


def _lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    errors: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        verdict = "refused" if "refused" in row else judge(row["numbers"])["verdict"]
        right = not row["sound"] and 0 <= row.get("err", -1) < _RECOVERED_MM
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
    parser.add_argument("what", choices=("measure", "table"))
    parser.add_argument("--out", type=Path, required=True, help="folder with one JSON file per run")
    for name in ("limbs", "atlas", "templates"):
        parser.add_argument(f"--{name}", type=Path, default=Path(name))
    parser.add_argument("--quick", action="store_true", help="search the initial alignment less thoroughly")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    (measure if options.what == "measure" else table)(options)


if __name__ == "__main__":
    main()
