"""Restate, a durable workflow engine, as npm brings it: one server process and the Node process that holds its steps."""
import json
import shutil
import subprocess
from contextlib import ExitStack, contextmanager

from measure import ROOT, Failed, Process, fetch, free_port, need, wait_for

SERVER, SDK = "@restatedev/restate-server@1.7.12", "@restatedev/restate-sdk@1.17.2"
FOLDER = ROOT / "build/peers/restate"


def install():
    need("node", "npm", why="the peer comes from npm, and Node 20 or newer runs its steps")
    if (FOLDER / "node_modules/.installed").exists():
        return
    print(f"bench: installing the peer {SERVER} with {SDK} into {FOLDER.relative_to(ROOT)}", flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    words = ["npm", "install", "--prefix", str(FOLDER), "--ignore-scripts", "--no-fund", "--no-audit", SERVER, SDK]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failed(f"{' '.join(words)}: {done.stdout[-1000:]}")
    (FOLDER / "node_modules/.installed").touch()


@contextmanager
def running(folder):
    """Yields (server process, service process, URL of the workflow)."""
    install()
    binary = next((FOLDER / "node_modules/@restatedev").glob("restate-server-*/bin/restate-server"), None)
    if binary is None:
        raise Failed(f"{SERVER} brought no server for this machine")
    shutil.copy(ROOT / "bench/peers/restate.mjs", FOLDER / "restate.mjs")
    ingress, admin, node, service = (free_port() for _ in range(4))
    env = {"DO_NOT_TRACK": "1", "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
           "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}", "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
           "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}", "RESTATE_LISTEN_MODE": "tcp",
           "RESTATE_LOG_FILTER": "warn", "RESTATE_NODE_NAME": "n1"}
    with ExitStack() as stack:
        steps = stack.enter_context(Process(["node", FOLDER / "restate.mjs"], folder, {"SERVICE_PORT": str(service)}))
        server = stack.enter_context(Process([binary, "--base-dir", folder / "restate-data"], folder, env))
        deployment = json.dumps({"uri": f"http://127.0.0.1:{service}"}).encode()
        alive = lambda: server.check_alive() and steps.check_alive()
        wait_for(lambda: alive() and fetch(f"http://127.0.0.1:{admin}/deployments", deployment), 60,
                 "Restate takes no deployment", every=0.25)
        url = f"http://127.0.0.1:{ingress}/flow/run"
        wait_for(lambda: alive() and fetch(url, b"{}") == "5", 30, "Restate runs no workflow", every=0.25)
        yield server, steps, url
