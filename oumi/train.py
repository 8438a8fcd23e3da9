#!/usr/bin/env python3
"""Trains the SRE-LLM with Oumi: makes the base, runs `oumi train`, merges, evaluates each epoch, draws what happened.

  python oumi/train.py --config oumi/configs/sre_smollm2_135m.yaml [--max-steps N] [--eval-rows N]

Under build/oumi/out/NAME (--out): the merged model, train.yaml (what Oumi was given), history.json and history.svg.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import places
from places import HERE, OUT, say

places.enter(places.TRAIN_PYTHON)

import yaml  # noqa: E402  of the environment just entered, as what follows

import bases  # noqa: E402
import evaluate  # noqa: E402
from history import history_of, write_history  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="folder of the model (default: build/oumi/out/NAME)")
    parser.add_argument("--train", type=Path, default=HERE / "data/sre_train.jsonl")
    parser.add_argument("--eval", type=Path, default=HERE / "data/sre_eval.jsonl")
    parser.add_argument("--max-steps", type=int, default=0, help="stop after so many steps; 0: as the config says")
    parser.add_argument("--eval-rows", type=int, default=100, help="rows of --eval that each epoch answers; 0: none")
    return parser.parse_args()


def effective(args, out):
    """The config with the folders of this machine, and whether its base needs no hub. Oumi checks it when it reads it."""
    config = yaml.safe_load(args.config.read_text())
    base = config["model"]["model_name"]
    local = base.startswith("base/")
    if local:
        config["model"]["model_name"] = str(bases.prepare(base.removeprefix("base/"), args.train))
    config["data"]["train"]["datasets"][0]["dataset_path"] = str(args.train.resolve())
    config["data"]["validation"]["datasets"][0]["dataset_path"] = str(args.eval.resolve())
    config["training"]["output_dir"] = str(out)
    if args.max_steps:
        config["training"]["max_steps"] = args.max_steps
    return config, local


def merge(base, out):
    """Folds an adapter that was kept alone (QLoRA) into the base in bfloat16 and puts the whole model in its place."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer
    whole = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    PeftModel.from_pretrained(whole, out).merge_and_unload().save_pretrained(out)
    AutoTokenizer.from_pretrained(base).save_pretrained(out)
    (out / "adapter").mkdir(exist_ok=True)
    for name in ("adapter_config.json", "adapter_model.safetensors"):  # beside a whole model they would be applied twice
        (out / name).rename(out / "adapter" / name)


def checkpoints(out):
    """The adapters of the ends of epochs, by step."""
    found = {int(folder.name.removeprefix("checkpoint-")): folder for folder in out.glob("checkpoint-*")}
    return dict(sorted(found.items()))


def main():
    args = arguments()
    out = (args.out or OUT / args.config.stem).absolute()
    if (out / "config.json").exists() or checkpoints(out):
        sys.exit(f"{out} holds a model already: remove it, or name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    config, local = effective(args, out)
    (out / "train.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    base = config["model"]["model_name"]
    say(f"trains {args.config.stem} on {sum(1 for _ in open(args.train))} rows in {out}")
    env = places.quiet_environment(offline=local)
    env.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) - 1)))  # spinning threads slow a busy core
    subprocess.run([sys.executable, "-m", "oumi", "train", "-c", out / "train.yaml"], check=True, env=env)
    if (out / "adapter_config.json").exists():
        say("merges the adapter into the base")
        merge(base, out)
    if local:  # a merged model is still the base's work
        for pattern in ("*NOTICE*", "*LICENSE*"):
            for paper in Path(base).glob(pattern):
                shutil.copy(paper, out)
    state = max(out.rglob("trainer_state.json"), key=lambda path: path.stat().st_mtime)
    history = history_of(args.config.stem, json.loads(state.read_text())["log_history"])
    if args.eval_rows:
        for step, folder in checkpoints(out).items():
            epoch = next((epoch for epoch in history["epochs"] if epoch["step"] == step), None)
            if epoch is None or epoch is history["epochs"][-1]:
                continue  # the last one is the merged model
            say(f"evaluates the end of epoch {epoch['epoch']}")
            epoch["metric"] = evaluate.run(base, args.eval, args.eval_rows, out / f"eval-{step}", folder)
        say("evaluates the merged model")
        history["epochs"][-1]["metric"] = evaluate.run(out, args.eval, args.eval_rows, out / "eval-merged")
    write_history(history, out)
    say(f"done: {out}, loss {history['loss'][0]['loss']:.3f} -> {history['loss'][-1]['loss']:.3f}; see history.json and .svg")


if __name__ == "__main__":
    main()
