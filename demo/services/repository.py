"""The shop's own git repository: a bare one, made with its history, and what a supervisor does with it."""
import os
import subprocess
import tempfile
from pathlib import Path

BRANCH = "refs/heads/main"
TRIES = 5
EXECUTABLE_ENV = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}

MARA, JONAS = "Mara Lindqvist <mara@shop.example>", "Jonas Weber <jonas@shop.example>"
PRIYA, TOMASZ = "Priya Raman <priya@shop.example>", "Tomasz Nowak <tomasz@shop.example>"

# Date, author, message, files that come with it, and older texts of those that change later.
HISTORY = [
    (1767600000, MARA, "Shop with catalogue and carts",
     [".gitignore", "shop/__init__.py", "shop/__main__.py", "shop/log.py", "shop/server.py", "shop/settings.py",
      "config/service.json"], {}),
    (1767690600, MARA, "Orders in SQLite behind a connection pool",
     ["shop/database.py", "shop/pool.py", "config/database.yaml"],
     {"config/database.yaml": ("    size: 20 ", "    size: 12 ")}),
    (1768213800, PRIYA, "Charge cards at payments, with signed tokens",
     ["shop/tokens.py", "shop/neighbours.py", "config/auth.toml", ".env", ".env.example",
      "tests/contracts/payments.json", "tests/contracts/directory.json"], {}),
    (1768561200, JONAS, "Thumbnails from decoded sheets, the newest kept in memory",
     ["shop/thumbnails.py", "config/cache.ini"], {}),
    (1769083200, TOMASZ, "Customers may send photos; they wait in a spool",
     ["shop/spool.py", "config/spool.properties"], {}),
    (1769500800, JONAS, "Check the whole shop beside stand-ins of its neighbours",
     ["check.py", "tests/__init__.py", "tests/stand_ins.py", "tests/test_shop.py"], {}),
    (1770105600, MARA, "More connections before the spring sale\n\nAt peak there are twelve checkouts at once, and the report job.",
     ["config/database.yaml"], {}),
    (1770278400, PRIYA, "Deploy through the supervisor, allow automatic repairs",
     ["deploy.py", ".healer.yml", "README.md"], {}),
]


class RepositoryError(Exception):
    pass


class Repository:
    def __init__(self, path):
        self.path = str(path)

    def git(self, *words, stdin=None, env=None):
        done = subprocess.run(["git", "--git-dir", self.path, *words], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={"PATH": os.environ.get("PATH", os.defpath), "HOME": self.path,
                                                           **EXECUTABLE_ENV, **(env or {})})
        if done.returncode != 0:
            raise RepositoryError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode()

    def create(self, tree, address):
        """Made from the files in `tree`, where 127.77.0.1 stands for `address`. Whole or not at all."""
        if Path(self.path).exists():
            return
        target, self.path = self.path, self.path + ".new"
        subprocess.run(["rm", "-rf", self.path], check=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.path], check=True,
                       env={"PATH": os.environ.get("PATH", os.defpath), "HOME": "/", **EXECUTABLE_ENV})
        self.git("fast-import", "--quiet", stdin=b"".join(history_stream(Path(tree), address)))
        os.rename(self.path, target)
        self.path = target

    def commit_of(self, name):
        return self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()

    def contains(self, commit, ancestor):
        return self.git("merge-base", commit, ancestor).strip() == ancestor

    def check_out(self, commit, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            self.git("--work-tree", str(folder), "checkout", "-q", "-f", commit, "--", ".",
                     env={"GIT_INDEX_FILE": f"{scratch}/index"})

    def change(self, scenario):
        """Commits the scenario's mistake on top of the branch; returns the commit, None where it is made already."""
        for _ in range(TRIES):
            head = self.commit_of(BRANCH)
            text = self.git("show", f"{head}:{scenario['file']}")
            if scenario["after"] in text and scenario["before"] not in text:
                return None
            if text.count(scenario["before"]) != 1:
                raise RepositoryError(f"{scenario['file']} is not what it was: the setting was not found")
            commit = self.commit(head, scenario, text.replace(scenario["before"], scenario["after"]))
            try:
                self.git("update-ref", BRANCH, commit, head)
                return commit
            except RepositoryError:  # somebody merged meanwhile
                continue
        raise RepositoryError("the branch moved again and again")

    def commit(self, head, scenario, text):
        name, _, mail = scenario["author"].rstrip(">").partition(" <")
        people = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                  for what, value in (("NAME", name), ("EMAIL", mail))}
        with tempfile.TemporaryDirectory() as scratch:
            index = {"GIT_INDEX_FILE": f"{scratch}/index"}
            blob = self.git("hash-object", "-w", "--stdin", stdin=text.encode()).strip()
            self.git("read-tree", head, env=index)
            self.git("update-index", "--cacheinfo", f"100644,{blob},{scenario['file']}", env=index)
            tree = self.git("write-tree", env=index).strip()
        return self.git("commit-tree", tree, "-p", head, "-F", "-", env=people,
                        stdin=f"{scenario['subject']}\n\n{scenario['body']}\n".encode()).strip()


def history_stream(tree, address):
    """What git fast-import reads."""
    for date, author, message, files, older in HISTORY:
        data = message.encode() + b"\n"
        yield (f"commit {BRANCH}\nauthor {author} {date} +0000\ncommitter {author} {date} +0000\n"
               f"data {len(data)}\n").encode() + data
        for name in files:
            text = (tree / name).read_text().replace("127.77.0.1", address)
            if name in older:
                text = text.replace(*older[name])
            yield f"M 100644 inline {name}\ndata {len(text.encode())}\n".encode() + text.encode() + b"\n"
