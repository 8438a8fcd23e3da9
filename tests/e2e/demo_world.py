"""A healer with its demo shop, and what must be true of the shop's repository afterwards."""
import contextlib
import json

from harness import Healer, check, equal, git, wait_for

SCENARIOS = ["database-crash", "memory-leak", "auth-failure", "disk-full", "network-partition"]
END_SECONDS = 90


class DemoHealer(Healer):
    """`healer serve --demo`; the shop ends with the block too."""

    def __init__(self, env=None):
        super().__init__(arguments=["--demo"], env=env)
        self.repository = self.data / "demo/shop.git"

    def __exit__(self, *problem):
        with contextlib.suppress(Exception):
            self.stop()
        self.command("demo", "stop")
        super().__exit__(*problem)

    def command(self, *words):
        from harness import run
        return run(*words, "--data", str(self.data), "--config", str(self.config), env=self.env)

    def trigger(self, scenario):
        answer = self.post("/api/trigger-demo", {"scenario": scenario})
        equal(answer.status, 202, f"{scenario}: {answer.body}")

    def scenario(self, name):
        return next(one for one in self.get("/api/demo/scenarios").json() if one["name"] == name)

    def ended(self, name):
        """The scenario once it has ended; survives a healer that is not there for a moment."""
        one = self.scenario(name)
        return one if one["state"] != "running" else None

    def wait_healed(self, name):
        one = wait_for(lambda: self.ended(name), END_SECONDS, f"{name} does not end", every=0.1)
        incident = self.get("/api/incidents/" + one["incident_id"]).json() if one["incident_id"] else {}
        equal(one["state"], "healed", f"{name}: {one['because']} {json.dumps(incident.get('timeline'))}")
        return incident

    def git(self, *words):
        return git("--git-dir", str(self.repository), *words).strip()

    def pulls(self):
        file = self.data / "demo/shop.git.pulls.json"
        return json.loads(file.read_text())["pulls"] if file.exists() else []

    def settled(self):
        """No incident is on its way any more."""
        return not self.get("/api/incidents?done=false&limit=200").json()["incidents"]


def check_repository(healer):
    """Every incident has at most one branch, one pull request and one merge; each merge is of a healed one."""
    incidents = {one["id"]: one for one in healer.get("/api/incidents?limit=500").json()["incidents"]}
    branches = healer.git("for-each-ref", "--format=%(refname:short)", "refs/heads/healer/").split()
    by_branch = {}
    for stored in healer.pulls():
        by_branch.setdefault(stored["pull"]["head_branch"], []).append(stored["pull"])
    for branch in branches:
        check(branch.removeprefix("healer/") in incidents, f"branch {branch} belongs to no incident")
    for branch, pulls in by_branch.items():
        equal(len(pulls), 1, f"pull requests of {branch}")
        check(branch in branches, f"{branch} has a pull request and no branch")
    log = healer.git("log", "--format=%H %P %s", "--merges", "main").splitlines()
    heads = [line.split()[2] for line in log]
    equal(len(heads), len(set(heads)), "merges of one head: " + "\n".join(log))
    for one in incidents.values():
        pulls = by_branch.get("healer/" + one["id"], [])
        merges = [line for line in log if one["head_sha"] and line.split()[2] == one["head_sha"]]
        expected = 1 if one["status"] in ("healed", "merged", "deploying", "verifying", "recurred") else 0
        equal(len(merges), expected, f"merges of incident {one['id']}, which is {one['status']}: {one['because']}")
        if expected:
            equal([pull["state"] for pull in pulls], ["merged"], f"pull request of {one['id']}")
            equal(merges[0].split()[0], one["merge_sha"], f"merge commit of {one['id']}")
    return incidents
