"""Failures that no template mistakes for one another, and what a healer made of them."""
import random
from datetime import datetime, timezone

from harness import check, equal

SYLLABLES = ["ba", "de", "fi", "go", "lu", "ma", "ne", "pi", "ro", "su", "ta", "ve", "wi", "zo"]
words = random.Random(7)


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def failure(rng=words):
    """A message that shares no word with any other, so that no template holds two of them."""
    return "failed " + " ".join("".join(rng.choices(SYLLABLES, k=4)) for _ in range(6))


def incidents_of(healer, message):
    return healer.incidents("?limit=500&hidden=true&q=" + message.split()[1])


def count_of(healer, message):
    return sum(incident["count"] for incident in incidents_of(healer, message))


def alive(healer):
    check(healer.process.poll() is None, f"healer ended with {healer.process.poll()}: {healer.tail_log()}")
    equal(healer.get("/livez").status, 200, "/livez")


def refused(answer, statuses, what):
    check(answer.status in statuses, f"{what}: {answer.status} {answer.body[:300]}")
    equal(answer.headers["Content-Type"], "application/problem+json", what)
    check(len(answer.json()["detail"]) > 10, f"{what}: {answer.body}")
