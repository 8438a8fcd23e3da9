#!/usr/bin/env python3
"""Judges a model with `oumi evaluate` and healer's metric: free answers, no grammar helps them.

  python oumi/evaluate.py --model build/oumi/out/sre_smollm2_135m [--adapter DIR] [--rows N]
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import places
from places import HERE


def run(model, rows_file, rows, out, adapter=None):
    """The metric of a model folder, also written to OUT/metric.json."""
    import yaml
    config = yaml.safe_load((HERE / "configs/sre_eval.yaml").read_text())
    config["model"] |= {"model_name": str(model), "adapter_model": str(adapter) if adapter else None}
    config["output_dir"] = str(out)
    config["tasks"][0]["eval_kwargs"] = {"eval_path": str(Path(rows_file).resolve()), "rows": rows}
    out.mkdir(parents=True, exist_ok=True)
    (out / "evaluate.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (out / "functions.txt").write_text(f"{HERE / 'metric.py'}\n")
    offline = Path(model).is_dir()
    subprocess.run([sys.executable, "-m", "oumi", "evaluate", "-c", out / "evaluate.yaml"], check=True,
                   env=places.quiet_environment(offline) | {"OUMI_EXTRA_DEPS_FILE": str(out / "functions.txt")})
    newest = max(out.glob("custom_*/task_result.json"), key=lambda path: path.stat().st_mtime)
    metric = json.loads(newest.read_text())["results"]["healer_sre"]
    (out / "metric.json").write_text(json.dumps(metric, indent=1) + "\n")
    return metric


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--adapter", type=Path)
    parser.add_argument("--eval", type=Path, default=HERE / "data/sre_eval.jsonl")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--out", type=Path, help="default: MODEL/eval")
    args = parser.parse_args()
    print(json.dumps(run(args.model.absolute(), args.eval, args.rows, (args.out or args.model / "eval").absolute(), args.adapter),
                     indent=1))


if __name__ == "__main__":
    places.enter(places.TRAIN_PYTHON)
    main()
