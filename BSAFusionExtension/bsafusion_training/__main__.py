"""python -m bsafusion_training train | evaluate | export."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from .data.pairs import read_sets
from .trainer import Recipe, Trainer, train


def run_train(options: argparse.Namespace) -> None:
    """Train from where the folder's last checkpoint stands, or from the start."""
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    recipe = Recipe(steps=options.steps, batch=options.batch)
    trainer = Trainer(recipe, read_sets(options.data, options.part), device)
    checkpoint = options.out / "last.pt"
    if checkpoint.exists():
        trainer.resume(checkpoint)
    for line in train(trainer, options.out):
        print(json.dumps(line), flush=True)


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    top = argparse.ArgumentParser(prog="bsafusion_training", description=__doc__)
    commands = top.add_subparsers(required=True)
    training = commands.add_parser("train", help="train the network, resuming where it stopped")
    training.add_argument("--data", type=Path, required=True, help="folder with CT-MRI, PET-MRI and SPECT-MRI")
    training.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the log")
    training.add_argument("--part", choices=("training", "all"), default="training", help="patients to learn from")
    training.add_argument("--steps", type=int, default=Recipe.steps)
    training.add_argument("--batch", type=int, default=Recipe.batch)
    training.add_argument("--device", help="cpu or cuda; cuda where there is one")
    training.set_defaults(run=run_train)
    return top


def main() -> None:
    """Run one command."""
    options = parser().parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
