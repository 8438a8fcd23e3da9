"""healer's own metric for `oumi evaluate`: what of an answer is right, with how sure one can be of the share."""
import json
import math
import re
from pathlib import Path

FIELDS = ["severity", "category", "summary", "suggested_fix", "affected_file"]
SEVERITIES = {"low", "medium", "high", "critical"}
CATEGORIES = {"application", "auth", "database", "disk", "memory", "network"}
Z95 = 1.959964


def share(hits, n):
    """Of n: the share, and Wilson's 95 % interval, which holds for few rows and for shares near 0 and 1."""
    if n == 0:
        return {"value": None, "low": None, "high": None, "n": 0}
    p, z2 = hits / n, Z95 * Z95
    middle, half = p + z2 / (2 * n), Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return {"value": round(p, 4), "low": round(max(0, (middle - half) / (1 + z2 / n)), 4),
            "high": round(min(1, (middle + half) / (1 + z2 / n)), 4), "n": n}


def parsed(text):
    """The analysis that an answer is, or None: an object with the labels of the guide and texts."""
    try:
        answer = json.loads(text)
    except ValueError:
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("summary"), str):
        return None
    return answer if answer.get("severity") in SEVERITIES and answer.get("category") in CATEGORIES else None


def overlap(said, right):
    """F1 of the words, for fields of free text."""
    said, right = (re.findall(r"\w+", (text or "").lower()) for text in (said, right))
    if not said or not right:
        return float(said == right)
    common = sum(min(said.count(word), right.count(word)) for word in set(said))
    return 2 * common / (len(said) + len(right))


def judge(answers, rights):
    """Compares texts of answers with the analyses that are right. An answer that is none is wrong in every field."""
    pairs = [(parsed(answer) or {}, right) for answer, right in zip(answers, rights, strict=True)]
    n = len(pairs)
    equal = {field: [bool(said) and (said.get(field) or "") == (right.get(field) or "") for said, right in pairs]
             for field in FIELDS}
    out = {"n": n, "valid": share(sum(bool(said) for said, _ in pairs), n)}
    for field in FIELDS:
        out[field] = share(sum(equal[field]), n)
    out["both"] = share(sum(s and c for s, c in zip(equal["severity"], equal["category"])), n)
    for field in ("summary", "suggested_fix"):
        scores = [overlap(said.get(field), right.get(field)) if said else 0 for said, right in pairs]
        out[field + "_words_f1"] = round(sum(scores) / n, 4) if n else None
    return out


def evenly(rows, count):
    """`count` of the rows, spread over the whole file: its start alone may be of one product."""
    return rows if len(rows) <= count else [rows[i * len(rows) // count] for i in range(count)]


def read_rows(path, count):
    return evenly([json.loads(line) for line in Path(path).read_text().splitlines()], count)


try:
    from oumi.core.registry import register_evaluation_function
    from oumi.core.types.conversation import Conversation
except ModuleNotFoundError:  # imported for judge() alone
    pass
else:
    @register_evaluation_function("healer_sre")
    def healer_sre(task_params, inference_engine, eval_path: str, rows: int = 200):
        chosen = read_rows(eval_path, rows)
        asked = [Conversation.model_validate({"messages": row["messages"][:-1]}) for row in chosen]
        answers = [said.messages[-1].content for said in inference_engine.infer(input=asked)]
        return judge(answers, [json.loads(row["messages"][-1]["content"]) for row in chosen])
