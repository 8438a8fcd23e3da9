#!/usr/bin/env python3
"""Turns a merged model into the one GGUF file that llama.cpp and Ollama run.

  python oumi/export.py build/oumi/out/sre_smollm2_135m [--outfile FILE] [--type q8_0|f16|bf16|f32]
"""
import argparse
import json
import sys
from pathlib import Path

import places
from places import LLAMA_CPP, say

places.enter(places.TRAIN_PYTHON)


def is_smollm_tokenizer(model):
    """Whether texts are cut as SmolLM does: single digits, then GPT-2's byte-level words."""
    cut = json.loads((model / "tokenizer.json").read_text()).get("pre_tokenizer") or {}
    parts = cut.get("pretokenizers", [])
    return [part["type"] for part in parts] == ["Digits", "ByteLevel"] and parts[0]["individual_digits"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--outfile", type=Path, help="default: MODEL/sre.gguf")
    parser.add_argument("--type", default="q8_0", choices=["q8_0", "f16", "bf16", "f32"])
    args = parser.parse_args()
    outfile = args.outfile or args.model / "sre.gguf"
    if not (args.model / "config.json").exists():
        sys.exit(f"{args.model} holds no merged model: run train.py first")
    sys.path[:0] = [str(LLAMA_CPP), str(LLAMA_CPP / "gguf-py")]
    import convert_hf_to_gguf as converter
    if is_smollm_tokenizer(args.model):
        from conversion.base import TextModel
        # The converter knows a tokenizer by what its vocabulary makes of one text; ours has its own vocabulary.
        TextModel.get_vocab_base_pre = lambda self, tokenizer: "smollm"
    sys.argv = ["convert_hf_to_gguf.py", str(args.model), "--outfile", str(outfile), "--outtype", args.type]
    converter.main()
    say(f"wrote {outfile}, {outfile.stat().st_size / 1e6:.0f} MB")


main()
