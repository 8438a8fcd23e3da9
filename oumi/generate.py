#!/usr/bin/env python3
"""Makes data/sre_train.jsonl, data/sre_eval.jsonl and the counts of data/CARD.md from data/real and data/templates.

usage: generate.py [--seed N] [--check]

The split goes by group (a template, or the kind of message of a real row): no group is on both sides, and a training
row that says nearly the same as an eval row is left out. --check says whether the files are what would be made.
"""
import argparse
import collections
import hashlib
import json
import random
import re
import sys
from pathlib import Path

import yaml

from slots import Filler

DATA = Path(__file__).resolve().parent / "data"
SYSTEM = ("You are a site reliability engineer. Read the log and answer with one JSON object: severity (critical, high, "
          "medium, low), category (database, network, memory, disk, auth, application), summary, suggested_fix, affected_file.")
EVAL_SHARE_REAL, EVAL_SHARE_TEMPLATES = 0.25, 0.06
VARIANTS = 2
SAME = 0.6  # share of words in common (Jaccard) from which two logs say the same


def chance(text, seed):
    """A number in [0, 1) that depends on the text and the seed alone."""
    return int.from_bytes(hashlib.sha256(f"{seed} {text}".encode()).digest()[:8], "big") / 2**64


def words(log):
    return frozenset(word for word in re.findall(r"[a-z]{3,}", log.lower()))


def row(log, answer, metadata):
    keys = ("severity", "category", "summary", "suggested_fix", "affected_file")
    return {"messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": log},
                         {"role": "assistant", "content": json.dumps({key: answer[key] for key in keys}, ensure_ascii=False)}],
            "metadata": metadata}


def real_rows():
    for file in sorted((DATA / "real").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            one = json.loads(line)
            yield row(one["log"], one, {"id": one["id"], "source": "real", "product": one["product"], "group": one["group"],
                                        "made": one["made"], "licence": one["licence"]})


def generated_rows(seed):
    for file in sorted((DATA / "templates").glob("*.yaml")):
        for one in yaml.load(file.read_text(), yaml.CSafeLoader):
            severity, category = one["label"].split()
            answer = {"severity": severity, "category": category, "summary": one["say"], "suggested_fix": one.get("fix") or "",
                      "affected_file": one.get("file")}
            made = set()
            for variant in range(VARIANTS):
                log = Filler(random.Random(f"{seed} {one['id']} {variant}")).fill(one["log"]).rstrip("\n")
                if log not in made:
                    made.add(log)
                    yield row(log, answer, {"id": f"{one['id']}.{variant}", "source": "generated",
                                            "product": one["id"].split(".")[0], "group": one["id"], "made": f"template of {file.name}",
                                            "licence": "Apache-2.0"})


def split(rows, seed):
    train, held = [], []
    for one in rows:
        share = EVAL_SHARE_REAL if one["metadata"]["source"] == "real" else EVAL_SHARE_TEMPLATES
        (held if chance(one["metadata"]["group"], seed) < share else train).append(one)
    # The same message from another writer: the words of the eval side must not be learnt.
    index = collections.defaultdict(list)
    for number, one in enumerate(held):
        for word in words(one["messages"][1]["content"]):
            index[word].append(number)
    sizes = [len(words(one["messages"][1]["content"])) for one in held]
    kept, near = [], 0
    for one in train:
        mine = words(one["messages"][1]["content"])
        common = collections.Counter(number for word in mine for number in index.get(word, ()))
        if any(count >= SAME * (len(mine) + sizes[number] - count) for number, count in common.items()):
            near += 1
        else:
            kept.append(one)
    return kept, held, near


def lines(rows):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows)


def table(rows, key):
    counts = collections.Counter(key(one) for one in rows)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))


def card(sides, near, seed):
    out = [f"Made by `oumi/generate.py --seed {seed}`. {near} training rows were left out since they say nearly what an eval row says.\n"]
    for name, rows in sides:
        answer = [json.loads(one["messages"][2]["content"]) for one in rows]
        products = {one["metadata"]["product"] for one in rows}
        groups = {one["metadata"]["group"] for one in rows}
        out += [f"\n## {name}: {len(rows)} rows, {len(groups)} groups, {len(products)} products\n\n",
                f"- source: {table(rows, lambda one: one['metadata']['source'])}\n",
                f"- severity: {table(answer, lambda one: one['severity'])}\n",
                f"- category: {table(answer, lambda one: one['category'])}\n",
                f"- lines: {table(rows, lambda one: 'several' if chr(10) in one['messages'][1]['content'] else 'one')}\n"]
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    train, held, near = split([*real_rows(), *generated_rows(arguments.seed)], arguments.seed)
    shuffled = random.Random(arguments.seed)
    shuffled.shuffle(train)
    made = {"sre_train.jsonl": lines(train), "sre_eval.jsonl": lines(held),
            "CARD.md": "# The data set in numbers\n\n" + card((("Training", train), ("Evaluation", held)), near, arguments.seed)}
    if arguments.check:
        stale = [name for name, text in made.items() if (DATA / name).read_text() != text]
        print(f"not what generate.py makes: {', '.join(stale)}" if stale else "the data set is what generate.py makes")
        return 1 if stale else 0
    for name, text in made.items():
        (DATA / name).write_text(text)
    print(made["CARD.md"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
