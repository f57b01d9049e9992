"""python -m bsafusion_training reproduce | train | mean | evaluate | lasting | ablate | speed | export."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from BSAFusionLib.engine.memory import keep_memory

from .ablation import ablation_text
from .data.pairs import PARTS, SETS, Pairs, read_folder, read_sets
from .data.volumes import FILES, read_volume_pairs
from .evaluation import Fuse, evaluate, report_text
from .export import Restraint, export, fold_normalisation, load_average
from .lasting import lasting_scores, lasting_text
from .mixing import mean_of
from .plan import PLAN, checkpoint_of, read_plan, read_recipe, run_plan
from .speed import table
from .trainer import Recipe, go_on
from .worst import draw_worst

SLICES_A_PATIENT = 6


def device_of(options: argparse.Namespace) -> str:
    """Return the device asked for, or cuda where there is one."""
    return options.device or ("cuda" if torch.cuda.is_available() else "cpu")


def run_reproduce(options: argparse.Namespace) -> None:
    """Make a model by a plan, from where it stands, and export it."""
    plan = read_plan(options.plan)
    sets = read_sets(options.data, options.part)
    for line in run_plan(plan, sets, options.out, device_of(options)):
        print(json.dumps(line), flush=True)
    last = checkpoint_of(options.out, plan.stages[-1].name)
    path = export(last, options.out / "model", "bsafusion", "1", {}, plan.restraint)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def run_train(options: argparse.Namespace) -> None:
    """Train from where the folder's last checkpoint stands, or from the start."""
    changes = {"steps": options.steps, "batch": options.batch, "rate": options.rate}
    recipe = read_recipe(changes, begun=options.start is not None)
    sets = read_sets(options.data, options.part)
    for line in go_on(recipe, sets, device_of(options), options.out, options.start):
        print(json.dumps(line), flush=True)


def pairs_of(data: Path, part: str) -> dict[str, Pairs]:
    """Return the atlas' sets, the one set of a folder that holds MRI/ and one other folder, or slices of
    volumes, six a patient."""
    if (data / "MRI").is_dir():
        others = [folder.name for folder in data.iterdir() if folder.is_dir() and folder.name != "MRI"]
        return {data.name: read_folder(data, others[0])}
    if any(data.glob("*/MR_T1_image.nii.gz")):
        return {name: read_volume_pairs(data, name, SLICES_A_PATIENT) for name in FILES}
    if not any((data / name).is_dir() for name in SETS):
        raise SystemExit(
            f"{data} holds neither MRI/ nor any of {', '.join(SETS)}, nor patients with MR_T1_image.nii.gz: "
            "name a folder of aligned pairs."
        )
    return read_sets(data, part)


def judged_pairs(options: argparse.Namespace) -> dict[str, Pairs]:
    """Return of each set every n-th pair, as the options ask."""
    sets = pairs_of(options.data, options.part)
    return {name: pairs.select(list(range(0, len(pairs), options.every))) for name, pairs in sets.items()}


def judged_network(options: argparse.Namespace) -> Fuse:
    """Return the exported model, or a checkpoint's averaged network."""
    if options.model:
        exported: Fuse = torch.jit.load(str(options.model))  # type: ignore[no-untyped-call]
        return exported
    folded = fold_normalisation(load_average(options.checkpoint)[0])
    network: Fuse = folded.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def run_evaluate(options: argparse.Namespace) -> None:
    """Print one table per set, and write every number to --json."""
    network = judged_network(options)
    numbers = {}
    for name, judged in judged_pairs(options).items():
        numbers[name] = evaluate(network, judged, options.strength, options.seed, options.others)
        print(report_text(name, judged, numbers[name]), flush=True)
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            path = options.pictures / f"worst_{name}.png"
            scores = numbers[name]["network"]
            worst = draw_worst(network, judged, scores, options.strength, options.seed, path)
            print(f"{path}, from the worst: {', '.join(worst)}\n")
    if options.json:
        options.json.write_text(json.dumps(numbers) + "\n")


def run_lasting(options: argparse.Namespace) -> None:
    """Print one table per set."""
    network = judged_network(options)
    for name, judged in judged_pairs(options).items():
        scores = lasting_scores(network, judged, options.strength, options.deformations)
        print(f"{name}\n{lasting_text(scores, judged.cases)}\n", flush=True)


def run_speed(options: argparse.Namespace) -> None:
    """Print how long a slice takes."""
    device = torch.device(device_of(options))
    print(table(options.model, options.batches, options.sizes, device, options.half))


def run_ablate(options: argparse.Namespace) -> None:
    """Print one table per set."""
    network = fold_normalisation(load_average(options.checkpoint)[0])
    for name, judged in judged_pairs(options).items():
        text = ablation_text(network, judged, options.strength, options.seed)
        print(f"{name}, {len(judged)} pairs\n{text}\n", flush=True)


def run_export(options: argparse.Namespace) -> None:
    """Write the model file and the manifest."""
    facts = json.loads(options.facts.read_text()) if options.facts else {}
    trust = {name: float(share) for name, share in (part.split("=") for part in options.trust)}
    restraint = Restraint(trust, tuple(options.doubtful) if options.doubtful else None)
    path = export(options.checkpoint, options.out, options.id, options.version, facts, restraint)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    top = argparse.ArgumentParser(prog="bsafusion_training", description=__doc__)
    commands = top.add_subparsers(required=True)
    add_reproduce(
        commands.add_parser("reproduce", help="make the shipped model by its plan, resuming where it stopped")
    )
    add_train(commands.add_parser("train", help="train the network, resuming where it stopped"))
    add_mean(commands.add_parser("mean", help="take the mean of several runs' weights, to go on from there"))
    add_evaluate(
        commands.add_parser("evaluate", help="judge a checkpoint on aligned pairs, deformed by seed")
    )
    add_lasting(commands.add_parser("lasting", help="tell which part of the error no deformation changes"))
    ablating = commands.add_parser("ablate", help="judge a checkpoint with parts switched off")
    ablating.add_argument("--checkpoint", type=Path, required=True)
    add_pairs(ablating)
    add_seed(ablating)
    ablating.set_defaults(run=run_ablate)
    add_speed(commands.add_parser("speed", help="time an exported model"))
    add_export(commands.add_parser("export", help="write the TorchScript model and its manifest"))
    return top


def add_learning(learning: argparse.ArgumentParser, part: str) -> None:
    """Add the options of whatever learns: from which patients, where to, on what."""
    learning.add_argument(
        "--data", type=Path, required=True, help="folder with CT-MRI, PET-MRI and SPECT-MRI"
    )
    learning.add_argument("--out", type=Path, required=True, help="folder for checkpoints and logs")
    learning.add_argument(
        "--part", choices=("training", "all"), default=part, help="patients to learn from; %(default)s"
    )
    learning.add_argument("--device", help="cpu or cuda; cuda where there is one")


def add_reproduce(making: argparse.ArgumentParser) -> None:
    """Add the options of reproduce."""
    add_learning(making, "all")
    making.add_argument(
        "--plan", type=Path, default=PLAN, help="JSON with the stages; that of the shipped model"
    )
    making.set_defaults(run=run_reproduce)


def add_train(training: argparse.ArgumentParser) -> None:
    """Add the options of train."""
    add_learning(training, "training")
    training.add_argument("--steps", type=int, default=Recipe.steps)
    training.add_argument("--batch", type=int, default=Recipe.batch)
    training.add_argument("--rate", type=float, default=Recipe.rate, help="highest learning rate")
    training.add_argument("--start", type=Path, help="checkpoint whose weights a new run begins with")
    training.set_defaults(run=run_train)


def add_mean(averaging: argparse.ArgumentParser) -> None:
    """Add the options of mean."""
    averaging.add_argument("checkpoints", type=Path, nargs="+")
    averaging.add_argument("--out", type=Path, required=True, help="checkpoint for train --start")
    averaging.set_defaults(run=lambda options: mean_of(options.checkpoints, options.out))


def add_speed(timing: argparse.ArgumentParser) -> None:
    """Add the options of speed."""
    timing.add_argument("--model", type=Path, required=True)
    timing.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    timing.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    timing.add_argument("--device", help="cpu or cuda; cuda where there is one")
    timing.add_argument("--half", action="store_true", help="half precision as well")
    timing.set_defaults(run=run_speed)


def add_export(exporting: argparse.ArgumentParser) -> None:
    """Add the options of export."""
    exporting.add_argument("--checkpoint", type=Path, required=True)
    exporting.add_argument("--out", type=Path, required=True, help="folder of the model and manifest.json")
    exporting.add_argument("--id", default="bsafusion")
    exporting.add_argument("--version", default="1")
    exporting.add_argument(
        "--trust", nargs="*", default=[], help="share of the displacement kept, as spect=0.4"
    )
    exporting.add_argument(
        "--doubtful",
        type=float,
        nargs=2,
        metavar=("NOTHING", "ALL"),
        help="certainty of matching below which nothing, and above which all of the displacement is kept",
    )
    exporting.add_argument("--facts", type=Path, help="JSON with summary, training and validation numbers")
    exporting.set_defaults(run=run_export)


def add_pairs(judging: argparse.ArgumentParser) -> None:
    """Add the options that say which pairs are judged, and how they are deformed."""
    judging.add_argument(
        "--data",
        type=Path,
        required=True,
        help="the sets' folder, one folder with MRI/ and CT/, or patients' volumes",
    )
    judging.add_argument("--part", choices=PARTS, default="validation")
    judging.add_argument("--strength", type=float, default=1.0, help="times the published deformation")
    judging.add_argument("--every", type=int, default=1, help="judge every n-th pair only")


def add_seed(judging: argparse.ArgumentParser) -> None:
    """Add the seed of the deformations."""
    judging.add_argument("--seed", type=int, default=1)


def add_judged(judging: argparse.ArgumentParser) -> None:
    """Add the options that say which network is judged."""
    judged = judging.add_mutually_exclusive_group(required=True)
    judged.add_argument("--checkpoint", type=Path)
    judged.add_argument("--model", type=Path, help="exported file, as it ships")


def add_lasting(judging: argparse.ArgumentParser) -> None:
    """Add the options of lasting."""
    add_judged(judging)
    add_pairs(judging)
    judging.add_argument("--deformations", type=int, default=8, help="of each pair, at least 2")
    judging.set_defaults(run=run_lasting)


def add_evaluate(judging: argparse.ArgumentParser) -> None:
    """Add the options of evaluate."""
    add_judged(judging)
    add_pairs(judging)
    add_seed(judging)
    judging.add_argument(
        "--others", type=Path, help="folder with another method's fused pictures, under the pairs' names"
    )
    judging.add_argument(
        "--pictures", type=Path, help="folder for pictures of the ten worst pairs of each set"
    )
    judging.add_argument("--json", type=Path, help="write every number of every pair here")
    judging.set_defaults(run=run_evaluate)


def main() -> None:
    """Run one command."""
    options = parser().parse_args()
    keep_memory()
    options.run(options)


if __name__ == "__main__":
    main()
