"""kill -9 of healer at seeded moments of running scenarios; afterwards all is as if nothing had happened."""
import random

from demo_world import SCENARIOS, DemoHealer, check_repository
from harness import wait_for

KILL_WITHIN_SECONDS = 5.0  # of the bad deploy: from detection to the watch


def survive(kills, seed):
    chance = random.Random(seed)
    with DemoHealer() as healer:
        for number in range(kills):
            name = SCENARIOS[number % len(SCENARIOS)]
            delay = chance.random() * KILL_WITHIN_SECONDS
            healer.trigger(name)
            healer.wait_alive(delay)
            seen = [(one["status"], one["id"]) for one in healer.incidents("?done=false")]
            healer.kill()
            healer.start()
            incident = healer.wait_healed(name)
            wait_for(healer.settled, 60, "incidents stay open")
            check_repository(healer)
            print(f"     kill {number + 1} of {kills}: {name} after {delay:.2f} s in {seen or 'no incident'}: "
                  f"{incident['status']}, {len(incident['timeline'])} entries", flush=True)
