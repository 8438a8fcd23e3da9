"""The loop on the demo's shop: seconds from the first error line to the merge, and how long the watch lasts."""
import re
import sys
import time
from datetime import datetime

from measure import ROOT, Row

sys.path.insert(0, str(ROOT / "tests/e2e"))
from demo_world import SCENARIOS, DemoHealer  # noqa: E402

ROUNDS = 10
COMMAND = "./dev bench loop"


def at(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def entered(incident, status):
    return next(at(entry["at"]) for entry in reversed(incident["timeline"]) if entry["status"] == status)


def duration(text):
    """Seconds of "2s528ms" or "1m30s"."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|[smh])", text))


class Played:
    """What one run of a scenario took, by the shop's own log and the incident's timeline."""

    def __init__(self, healer, name):
        log = healer.data / "demo/logs/shop.log"
        offset = log.stat().st_size
        healer.trigger(name)
        incident = healer.wait_healed(name)
        with open(log, "rb") as file:
            file.seek(offset)
            lines = file.read().decode(errors="replace").splitlines()
        served = next(line for line in lines if "serving version" in line)
        error = next(line for line in lines[lines.index(served):] if " ERROR " in line)
        self.merge = entered(incident, "merged") - at(error[:24])
        self.onset = at(error[:24]) - at(served[:24])
        self.watch = entered(incident, "healed") - at(incident["deployed_at"])
        self.needed = duration(re.search(r"absent for (\S+),", incident["because"]).group(1))
        print(f"  {name}: first error {self.onset:.2f} s after the bad deploy, merged {self.merge:.2f} s later, "
              f"watched {self.watch:.2f} s of {self.needed:.2f} s", flush=True)


def loop():
    """Each scenario ten times in a row, then all five at once."""
    rows = []
    with DemoHealer() as healer:
        for name in SCENARIOS:
            runs = [Played(healer, name) for _ in range(ROUNDS)]
            merge = max(run.merge for run in runs)
            rows.append(Row(f"{name}, {ROUNDS} times in a row: first error line to merged", f"worst {merge:.2f} s, median "
                            f"{sorted(run.merge for run in runs)[ROUNDS // 2]:.2f} s", COMMAND, "at most 6 s", merge <= 6))
            ratio = min(run.watch / max(run.onset, 0.001) for run in runs)
            rows.append(Row(f"{name}: watch beside the broken version's time to its first error", f"at least {ratio:.1f}x", COMMAND,
                            "at least 2x", ratio >= 2))
            extra = max(run.watch - run.needed for run in runs)
            rows.append(Row(f"{name}: what healer adds to the watch", f"worst {extra:.2f} s", COMMAND, "at most 1 s", extra <= 1))
        began = time.monotonic()
        for name in SCENARIOS:
            healer.trigger(name)
        for name in SCENARIOS:
            healer.wait_healed(name)
        took = time.monotonic() - began
        rows.append(Row("all five at once, from the first bad deploy to the last healed", f"{took:.1f} s", COMMAND, "at most 40 s", took <= 40))
    return rows
