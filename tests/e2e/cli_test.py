#!/usr/bin/env python3
"""The commands as a user types them: output, exit codes, and that a refused fix leaves the tree alone."""
import csv
import io
import json

from harness import case, check, equal, finish, git, make_repository, run, scratch

POOL_LOG = """2026-03-01 12:00:00,123 ERROR shop.db: connection pool exhausted: size 2, waited 5.0s
2026-03-01 12:00:01,001 ERROR shop.db: connection pool exhausted: size 2, waited 5.0s
2026-03-01 12:00:02,456 ERROR shop.db: connection pool exhausted: size 2, waited 5.0s
"""
POOL_FILES = {
    "config/app.yaml": "# settings of the shop\nserver:\n  port: 8080\ndatabase:\n  # connections kept open\n  pool_size: 20  # per instance\n",
    "README.md": "# shop\n\nA shop.\n",
}


def pool_repository(folder):
    make_repository(folder, POOL_FILES)
    bad = {"config/app.yaml": POOL_FILES["config/app.yaml"].replace("20", "2")}
    return make_repository(folder, bad, "tune the pool for smaller machines")


@case
def version_and_help():
    code, out, _ = run("version")
    equal(code, 0, "version")
    check(out.startswith("healer "), out)
    code, out, _ = run("--help")
    equal(code, 0, "--help")
    for word in ["serve", "analyze", "mine", "fix", "incidents", "tail", "demo", "doctor", "config", "version"]:
        check(f"\n  {word} " in out, f"--help does not list {word}")
        code, text, _ = run(word, "--help")
        equal(code, 0, f"{word} --help")
        check("usage: healer " + word in text, text)


@case
def wrong_use_is_2_and_names_the_nearest_word():
    for words, expected in [(["srve"], 'did you mean "serve"?'), (["mine", "--inptu", "x"], "did you mean --input?"), ([], "usage:")]:
        code, out, err = run(*words)
        equal((code, out), (2, ""), f"{words}")
        check(expected in err, err)


@case
def analyze_text_and_jsonl():
    code, out, err = run("analyze", stdin=b"FATAL:  sorry, too many clients already\n")
    equal(code, 0, err)
    answer = json.loads(out)
    equal((answer["severity"], answer["category"]), ("critical", "database"), out)
    lines = [{"id": "a", "log": "kernel: Out of memory: Killed process 42 (java)"}, {"id": "b", "log": "INFO started in 3 s"}]
    code, out, err = run("analyze", "--format", "jsonl", stdin="\n".join(map(json.dumps, lines)).encode())
    equal(code, 0, err)
    answers = [json.loads(line) for line in out.splitlines()]
    equal([a["id"] for a in answers], ["a", "b"], "ids in order")
    equal((answers[0]["category"], answers[1]["severity"]), ("memory", "low"), out)
    for key in ["summary", "suggested_fix", "affected_file", "confidence", "uncertain", "fingerprint", "brain"]:
        check(key in answers[0], f"{key} is missing")


@case
def mine_writes_rfc_4180():
    log = "".join(f"2026-03-01 12:00:{i:02d},000 INFO web: user {i} logged in, from 10.0.0.{i}\n" for i in range(50))
    code, out, err = run("mine", "--input", "-", "--output", "-", stdin=log.encode())
    equal(code, 0, err)
    rows = list(csv.DictReader(io.StringIO(out)))
    equal([row["line_id"] for row in rows], [str(i + 1) for i in range(50)], "line ids")
    equal(len({row["template_id"] for row in rows}), 1, "one template")
    check("<*>" in rows[0]["template"] and "12:00" not in rows[0]["template"], rows[0]["template"])
    check("lines per second" in err or "lines/s" in err, err)


@case
def fix_dry_run_shows_the_diff_and_changes_nothing():
    with scratch() as folder:
        repo = pool_repository(folder / "repo")
        (folder / "log").write_text(POOL_LOG)
        code, out, err = run("fix", "--repo", str(repo), "--log", str(folder / "log"))
        equal(code, 0, out + err)
        check("-  pool_size: 2  # per instance\n+  pool_size: 20  # per instance\n" in out, out)
        equal(git("status", "--porcelain", cwd=repo), "", "the tree")


@case
def fix_apply_edits_the_tree_and_commits_nothing():
    with scratch() as folder:
        repo = pool_repository(folder / "repo")
        (folder / "log").write_text(POOL_LOG)
        head = git("rev-parse", "HEAD", cwd=repo)
        code, out, err = run("fix", "--repo", str(repo), "--log", str(folder / "log"), "--apply")
        equal(code, 0, out + err)
        equal((repo / "config/app.yaml").read_text(), POOL_FILES["config/app.yaml"], "the file")
        equal(git("rev-parse", "HEAD", cwd=repo), head, "no commit")


@case
def fix_refuses_with_3_and_an_untouched_tree():
    with scratch() as folder:
        repo = make_repository(folder / "repo", {"main.py": "print(1)\n"})
        (folder / "log").write_text("2026-03-01 12:00:00 ERROR something nobody has ever seen: frobnication\n")
        code, out, err = run("fix", "--repo", str(repo), "--log", str(folder / "log"), "--apply")
        equal(code, 3, out + err)
        equal(git("status", "--porcelain", cwd=repo), "", "the tree")
        check(len((out + err).strip()) > 20, "says why")


@case
def missing_files_are_1_and_say_which():
    code, _, err = run("analyze", "--input", "/nonexistent/x.log")
    equal(code, 1, err)
    check("/nonexistent/x.log" in err, err)
    code, _, err = run("fix", "--repo", "/nonexistent/repo", "--log", "/nonexistent/x.log")
    equal(code, 1, err)


@case
def config_print_and_check():
    with scratch() as folder:
        code, out, _ = run("config", "print")
        equal(code, 0, out)
        check("persist_count: 5" in out, out)
        (folder / "healer.yaml").write_text("polcy:\n  x: 1\n")
        code, out, err = run("config", "check", "--config", str(folder / "healer.yaml"))
        equal(code, 1, out + err)
        check('did you mean "policy"?' in err, err)


finish()
