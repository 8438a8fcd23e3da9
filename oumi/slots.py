"""Fills the slots of a log template. data/README.md lists them."""
import re

LEVELS = {
    "ERROR": ["ERROR", "error", "Error", "ERR", "[ERROR]", "E"], "WARN": ["WARN", "WARNING", "warn", "[WARN]", "W"],
    "INFO": ["INFO", "info", "[INFO]", "I", "NOTICE"], "DEBUG": ["DEBUG", "debug", "TRACE"],
    "FATAL": ["FATAL", "CRITICAL", "fatal", "[FATAL]", "EMERG"],
}
FORMS = {
    "ts": "{y}-{m:02}-{d:02}T{H:02}:{M:02}:{S:02}.{f:03}Z",
    "ts_space": "{y}-{m:02}-{d:02} {H:02}:{M:02}:{S:02}.{f:03}",
    "ts_comma": "{y}-{m:02}-{d:02} {H:02}:{M:02}:{S:02},{f:03}",
    "ts_sec": "{y}-{m:02}-{d:02} {H:02}:{M:02}:{S:02}",
    "ts_syslog": "{b} {d:2} {H:02}:{M:02}:{S:02}",
    "ts_clf": "{d:02}/{b}/{y}:{H:02}:{M:02}:{S:02} +0000",
    "ts_nginx": "{y}/{m:02}/{d:02} {H:02}:{M:02}:{S:02}",
    "ts_apache": "{a} {b} {d:02} {H:02}:{M:02}:{S:02}.{f:03}417 {y}",
    "ts_klog": "{m:02}{d:02} {H:02}:{M:02}:{S:02}.{f:03}081",
    "time": "{H:02}:{M:02}:{S:02}",
    "date": "{y}-{m:02}-{d:02}",
}
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
WORDS = {
    "host": "app-1 web-02 db-primary node-7 ip-10-0-3-17 prod-eu-4 build-3 edge1 srv04 mail2 gw-a cache-1".split(),
    "svc": "checkout payments inventory search orders billing catalog gateway notifier users-api reports auth-svc".split(),
    "ns": "default prod staging payments monitoring kube-system shop data".split(),
    "container": "app web worker sidecar api proxy init-db".split(),
    "image": ["registry.example.com/shop/web:1.4.2", "nginx:1.25", "ghcr.example/acme/api:v2.3.0", "redis:7.2-alpine",
              "postgres:15", "example.azurecr.io/worker:20260301"],
    "db": "orders shop billing app users analytics inventory crm".split(),
    "table": "orders users payments events sessions invoices products audit_log".split(),
    "column": "email user_id created_at total status sku amount".split(),
    "user": "app alice svc-web deploy bob reporting jenkins carol root admin etl".split(),
    "word": "alpha delta blue primary nightly export import sync report batch main north ledger quartz".split(),
    "topic": "orders payments.events user-signups clickstream audit invoices.v2".split(),
    "queue": "default mailers emails critical high thumbnails imports billing.retry".split(),
    "bucket": "acme-backups shop-assets prod-logs media-eu terraform-state-1".split(),
    "index": "orders-2026.03 products logs-000042 users_v3 metrics-7".split(),
    "job": "nightly-backup import-orders rebuild-index send-digest cleanup etl-daily".split(),
    "iface": "eth0 ens5 bond0 enp3s0f1 wlan0 br-lan Gi0/1".split(), "device": "sda sdb nvme0n1 vdb sdc dm-3 md0".split(),
    "mount": "/var /data /var/lib/docker /mnt/backup / /srv /var/log".split(),
    "region": "eu-west-1 us-east-1 ap-southeast-2 eu-central-1 us-west-2".split(),
    "method": "GET POST PUT DELETE PATCH".split(),
    "route": "/api/orders /checkout /v1/users/42 /login /health /search?q=lamp /static/app.js /api/v2/invoices".split(),
    "status4": "400 401 403 404 409 413 422 429 499".split(), "status5": "500 502 503 504".split(),
    "func": "handleRequest process_order load_config Run validate fetchUser render save main.init".split(),
    "var": "user order items config result payload response token".split(),
    "class": ["com.acme.shop.OrderService", "org.example.billing.InvoiceJob", "io.acme.api.UserController",
              "com.acme.core.CacheManager", "org.example.search.IndexWriter"],
    "thread": "main http-nio-8080-exec-7 pool-2-thread-1 worker-3 scheduler-1 grpc-default-executor-0".split(),
    "domain": "shop.example.com api.example.org mail.example.net auth.example.com cdn.example.io".split(),
    "path": ["/var/lib/app/data.db", "/etc/app/config.yaml", "/srv/app/releases/42", "/var/log/app/app.log",
             "/opt/service/bin/run", "/home/deploy/build.sh"],
    "dir": "/var/lib/app /srv/data /opt/service /var/cache /home/deploy /mnt/shared".split(),
    "sql": ["SELECT * FROM orders WHERE id = $1", "UPDATE users SET status = 'x' WHERE id = 7", "INSERT INTO events VALUES (?, ?)",
            "SELECT count(*) FROM sessions"],
}
LOGGERS = ["app", "c.a.shop.OrderService", "worker", "http.server", "main", "db", "scheduler", "core.sync"]


class Filler:
    """One log's values: a slot with a suffix repeats its value, times go forward."""

    def __init__(self, rng):
        self.rng, self.kept = rng, {}
        self.at = rng.randrange(1_735_700_000_000, 1_790_000_000_000)  # ms, 2025 to 2026

    def fill(self, text):
        out, i = [], 0
        while i < len(text):
            if text[i:i + 2] in ("{{", "}}"):
                out.append(text[i])
                i += 2
            elif text[i] == "{":
                end = self._close(text, i)
                out.append(self.slot(text[i + 1:end]))
                i = end + 1
            else:
                out.append(text[i])
                i += 1
        return "".join(out)

    @staticmethod
    def _close(text, i):
        depth = 0
        while True:
            if text[i:i + 2] in ("{{", "}}") and depth == 1 and not re.match(r"\{\{?\w", text[i:i + 3]):
                i += 2
                continue
            depth += {"{": 1, "}": -1}.get(text[i], 0)
            if depth == 0:
                return i
            i += 1

    def slot(self, inside):
        name, _, argument = inside.partition(":")
        if name in ("jsonlog", "logfmt"):
            level, _, message = argument.partition(":")
            return getattr(self, name)(level, self.fill(message))
        if not re.fullmatch(r"[a-z_0-9]+(\.\w+)?(:[\w./-]+)?", inside):
            return self.fill(self.rng.choice(self._options(inside)))
        bare, _, suffix = inside.rpartition(".") if re.search(r"\.\w+$", inside) and "file:" not in inside and \
            "syslog:" not in inside else (inside, "", "")
        if not suffix:
            return self.value(bare)
        if inside not in self.kept:
            self.kept[inside] = self.value(bare)
        return self.kept[inside]

    @staticmethod
    def _options(inside):
        out, depth, part = [], 0, ""
        for c in inside:
            depth += {"{": 1, "}": -1}.get(c, 0)
            if c == "|" and depth == 0:
                out.append(part)
                part = ""
            else:
                part += c
        return out + [part]

    def value(self, inside):
        name, _, argument = inside.partition(":")
        name = name.partition(".")[0]
        if name in FORMS:
            return FORMS[name].format(**self._now())
        if name in WORDS:
            return self.rng.choice(WORDS[name])
        return getattr(self, "_" + name)(argument.partition(".")[0] if name != "file" else argument)

    # Time

    def _now(self):
        self.at += self.rng.choice((1, 3, 17, 120, 1000, 2500))
        days, ms = divmod(self.at, 86_400_000)
        z = days + 719_468  # civil from days, H. Hinnant's algorithm
        era, doe = divmod(z, 146_097)
        yoe = (doe - doe // 1460 + doe // 36_524 - doe // 146_096) // 365
        doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
        mp = (5 * doy + 2) // 153
        month = mp + 3 if mp < 10 else mp - 9
        return {"y": yoe + era * 400 + (month <= 2), "m": month, "d": doy - (153 * mp + 2) // 5 + 1, "H": ms // 3_600_000,
                "M": ms // 60_000 % 60, "S": ms // 1000 % 60, "f": ms % 1000, "b": MONTHS[month - 1], "a": DAYS[(days + 3) % 7]}

    def _ts_epoch(self, _):
        self._now()
        return str(self.at // 1000)

    def _ts_kernel(self, _):
        self._now()
        return f"{self.at // 1000 % 900_000}.{self.at % 1000:03}{self.rng.randrange(1000):03}"

    # Numbers and names

    def _int(self, span):
        low, high = span.split("-")
        return str(self.rng.randint(int(low), max(int(low), int(high))))

    _pct = _int

    def _between(low, high):
        return lambda self, _: str(self.rng.randint(low, high))

    _ms, _s, _pid, _port = _between(2, 30_000), _between(1, 300), _between(2, 99_999), _between(1024, 65_000)
    _bytes, _mib, _gib = _between(4096, 9_000_000_000), _between(1, 8192), _between(1, 900)

    def _ip(self, _):
        first = self.rng.choice(("10.0", "192.168", "172.16", "203.0", "198.51"))
        third = {"203.0": "113", "198.51": "100"}.get(first, str(self.rng.randint(0, 254)))  # of documentation
        return f"{first}.{third}.{self.rng.randint(1, 254)}"

    def _ipv6(self, _):
        return f"2001:db8:{self.rng.randrange(65536):x}::{self.rng.randrange(65536):x}"

    def _mac(self, _):
        return ":".join(f"{self.rng.randrange(256):02x}" for _ in range(6))

    def _hex(self, count):
        return "".join(self.rng.choice("0123456789abcdef") for _ in range(int(count)))

    def _uuid(self, _):
        return "-".join(self._hex(n) for n in (8, 4, 4, 4, 12))

    def _pod(self, _):
        return f"{self.rng.choice(WORDS['svc'])}-{self._hex(9)}-{self._hex(5)}"

    def _node(self, _):
        return self.rng.choice(("node-7", "worker-3", "ip-10-0-12-4.ec2.internal", "gke-prod-pool-1-3f2a", "aks-agentpool-2"))

    def _email(self, _):
        return f"{self.rng.choice(WORDS['user'])}@{self.rng.choice(WORDS['domain'])}"

    def _url(self, _):
        return f"https://{self.rng.choice(WORDS['domain'])}{self.rng.choice(WORDS['route'])}"

    def _file(self, extension):
        return f"{self.rng.choice(('orders', 'app', 'config', 'user_service', 'worker', 'index', 'views'))}.{extension}"

    def _size(self, _):
        return f"{self.rng.randint(1, 999)}{self.rng.choice(('MiB', 'GiB', 'MB', 'GB', 'M', 'G'))}"

    def _version(self, _):
        return f"{self.rng.randint(0, 12)}.{self.rng.randint(0, 30)}.{self.rng.randint(0, 20)}"

    def _arn(self, _):
        return f"arn:aws:iam::{self._int('100000000000-999999999999')}:role/{self.rng.choice(WORDS['svc'])}"

    # Headers

    def _head(self, level):
        word, logger = self.rng.choice(LEVELS[level][:3]), self.rng.choice(LOGGERS)
        return self.rng.choice((
            lambda: f"{self.value('ts')} {word} {logger}:", lambda: f"{self.value('ts_comma')} - {logger} - {level} -",
            lambda: f"{self.value('ts_comma')} {level} [{self.rng.choice(WORDS['thread'])}] {logger} -",
            lambda: f"[{self.value('ts_sec')}] {logger}.{level}:", lambda: f"{self.value('ts_sec')} [{level.lower()}] {logger}:",
            lambda: f"{level}:{logger}:", lambda: f"{level[0]}{self.value('ts_klog')} {self._pid('')} main.go:{self._int('10-900')}]",
            lambda: f"[{level}]", lambda: f"{self.value('ts_syslog')} {self.rng.choice(WORDS['host'])} {logger}[{self._pid('')}]:",
            lambda: f"{level}"))()

    def _syslog(self, program):
        return f"{self.value('ts_syslog')} {self.rng.choice(WORDS['host'])} {program}[{self._pid('')}]:"

    def jsonlog(self, level, message):
        text = message.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        logger = self.rng.choice(LOGGERS)
        return self.rng.choice((
            f'{{"time":"{self.value("ts")}","level":"{level.lower()}","logger":"{logger}","msg":"{text}"}}',
            f'{{"@timestamp":"{self.value("ts")}","log.level":"{level}","message":"{text}","service.name":"{logger}"}}',
            f'{{"level":"{level.lower()}","ts":{self._ts_epoch("")}.{self._int("100-999")},"caller":"{logger}/run.go:'
            f'{self._int("10-900")}","msg":"{text}"}}',
            f'{{"severity":"{level}","timestamp":"{self.value("ts")}","textPayload":"{text}"}}'))

    def logfmt(self, level, message):
        text = message.replace('"', '\\"')
        return self.rng.choice((
            f'time="{self.value("ts")}" level={level.lower()} msg="{text}"',
            f'ts={self.value("ts")} caller={self.rng.choice(LOGGERS)}.go:{self._int("10-900")} level={level.lower()} msg="{text}"',
            f'level={level.lower()} ts={self.value("ts")} component={self.rng.choice(LOGGERS)} err="{text}"'))
