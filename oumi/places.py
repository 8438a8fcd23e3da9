"""Where the SRE-LLM's files are: sources beside this file, everything made under build/oumi (or $HEALER_OUMI)."""
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = Path(os.environ.get("HEALER_OUMI") or HERE.parent / "build/oumi").absolute()
TRAIN_PYTHON, SERVE_PYTHON = HOME / "venv-train/bin/python", HOME / "venv-serve/bin/python"
LLAMA_CPP = HOME / "llama.cpp"
BASES, OUT = HOME / "base", HOME / "out"


def enter(python):
    """Goes on under the interpreter that has the packages, whichever one the script was called with."""
    if Path(sys.executable).absolute() == python:
        return
    if not python.exists():
        sys.exit(f"{python} is missing: run {HERE / 'setup'} first")
    os.execv(python, [str(python), *sys.argv])


def say(text):
    print(f"oumi: {text}", flush=True)


def quiet_environment(offline):
    """For what runs Oumi: no telemetry, no accounts; no hub either where the base is a folder of ours."""
    env = {**os.environ, "DO_NOT_TRACK": "1", "WANDB_MODE": "disabled", "TOKENIZERS_PARALLELISM": "false"}
    if offline:
        env |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    return env
