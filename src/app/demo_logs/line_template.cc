#include "app/demo_logs/line_template.h"

namespace healer {
namespace {

using enum Gravity;
using enum Level;

constexpr LineTemplate kTemplates[] = {
    {"nginx", usual, info,
     R"({ip} - - [{clf}] "GET /api/products/{n:1:900} HTTP/1.1" 200 {n:300:9000} "-" "{agent}")"},
    {"nginx", usual, info,
     R"({ip} - {user} [{clf}] "POST /api/cart HTTP/1.1" 201 {n:80:400} "https://shop.example/" "{agent}")"},
    {"nginx", usual, info,
     R"({ip} - - [{clf}] "GET /static/app.{hex8}.js HTTP/2.0" 304 0 "https://shop.example/" "{agent}")"},
    {"nginx", odd, warning,
     R"({ip} - - [{clf}] "GET /wp-login.php HTTP/1.1" 404 153 "-" "{agent}")"},
    {"nginx", odd, warning,
     "{slash} [warn] {n:900:1100}#0: *{n:1000:90000} a client request body is buffered to a "
     "temporary file /var/cache/nginx/client_temp/{n:1000000000:1000009999}, client: {ip}, server: "
     "shop.example, request: \"POST /upload HTTP/1.1\", host: \"shop.example\""},
    {"nginx", failure, error,
     "{slash} [error] {n:900:1100}#0: *{n:1000:90000} connect() failed (111: Connection refused) "
     "while connecting to upstream, client: {ip}, server: shop.example, request: \"GET {path} "
     "HTTP/1.1\", upstream: \"http://{peer}:8080{path}\", host: \"shop.example\""},
    {"nginx", failure, error,
     R"({ip} - - [{clf}] "GET {path} HTTP/1.1" 502 157 "https://shop.example/" "{agent}")"},

    {"postgres", usual, info,
     "{iso_space} UTC [{pid}] LOG:  checkpoint complete: wrote {n:20:900} buffers "
     "({n:0:9}.{n:0:9}%); 0 WAL file(s) added, 0 removed, 1 recycled; write={n:1:29}.{n:100:999} "
     "s, "
     "sync=0.00{n:1:9} s, total={n:30:40}.{n:100:999} s"},
    {"postgres", usual, info,
     "{iso_space} UTC [{pid}] LOG:  connection authorized: user={user} database=shop "
     "application_name=checkout"},
    {"postgres", odd, warning,
     "{iso_space} UTC [{pid}] WARNING:  there is already a transaction in progress"},
    {"postgres", failure, critical,
     "{iso_space} UTC [{pid}] FATAL:  sorry, too many clients already"},
    {"postgres", failure, error,
     "{iso_space} UTC [{pid}] ERROR:  deadlock detected\n"
     "{iso_space} UTC [{pid}] DETAIL:  Process {pid} waits for ShareLock on "
     "transaction {n:70000:99999}; blocked by process {n:200:9000}.\n"
     "{iso_space} UTC [{pid}] STATEMENT:  UPDATE stock SET held = held + 1 WHERE sku = $1"},
    {"postgres", failure, critical,
     "{iso_space} UTC [{pid}] PANIC:  could not write to file \"pg_wal/xlogtemp.{n:200:999}\""
     ": No space left on device"},

    {"kubernetes", usual, info,
     "I{klog}   {n:1000:4000} kubelet.go:2430] \"SyncLoop (PLEG): event for pod\" "
     "pod=\"shop/{service}-{hex8}-{hex4}\" event={{}}"},
    {"kubernetes", usual, info,
     "I{klog}       1 trace.go:236] Trace[{n:100000:999999}]: \"List\" "
     "accept:application/json,audit-id:{uuid},client:{peer} (total time: {n:500:900}ms)"},
    {"kubernetes", odd, warning,
     "W{klog}       1 reflector.go:535] k8s.io/client-go/informers/factory.go:150: failed to list "
     "*v1.EndpointSlice: the server is currently unable to handle the request"},
    {"kubernetes", failure, error,
     "E{klog}   {n:1000:4000} pod_workers.go:1294] \"Error syncing pod, skipping\" err=\"failed to "
     "\\\"StartContainer\\\" for \\\"{service}\\\" with CrashLoopBackOff: \\\"back-off 5m0s "
     "restarting failed container={service}\\\"\" pod=\"shop/{service}-{hex8}-{hex4}\""},
    {"kubernetes", failure, error,
     "E{klog}   {n:1000:4000} remote_image.go:180] \"PullImage from image service failed\" "
     "err=\"rpc error: code = NotFound desc = failed to resolve reference "
     "\\\"registry.shop.example/{service}:{n:1:9}.{n:0:40}\\\": not found\""},

    {"python", usual, info,
     "{comma} INFO shop.checkout: order {n:10000:99999} placed by {user} in {n:8:240} ms"},
    {"python", usual, debug, "{comma} DEBUG shop.cache: hit for product:{n:1:900}"},
    {"python", odd, warning,
     "{comma} WARNING shop.payments: retry {n:1:3} of 3 after 503 from payments"},
    {"python", failure, error,
     "{comma} ERROR shop.db: QueuePool limit of size 2 overflow 0 reached, connection timed out, "
     "timeout 30.00"},
    {"python", failure, error,
     "{comma} ERROR shop.web: unhandled exception on {path}\n"
     "Traceback (most recent call last):\n"
     "  File \"/srv/shop/web.py\", line {n:40:400}, in handle\n"
     "    return route(request)\n"
     "  File \"/srv/shop/orders.py\", line {n:40:400}, in place\n"
     "    total = prices[item.sku] * item.count\n"
     "KeyError: 'sku-{n:1000:9999}'"},

    {"java", usual, info,
     "{comma} INFO  [http-nio-8080-exec-{n:1:20}] com.shop.orders.OrderService - Order "
     "{n:10000:99999} accepted"},
    {"java", usual, info,
     "{comma} INFO  [scheduling-1] com.shop.stock.StockSync - Synchronised {n:10:900} items in "
     "{n:20:900} ms"},
    {"java", odd, warning,
     "{comma} WARN  [HikariPool-1 housekeeper] com.zaxxer.hikari.pool.HikariPool - HikariPool-1 - "
     "Thread starvation or clock leap detected (housekeeper delta={n:45:99}s)."},
    {"java", failure, error,
     "{comma} ERROR [http-nio-8080-exec-{n:1:20}] com.shop.orders.OrderController - Request "
     "{uuid} failed\n"
     "java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, "
     "request "
     "timed out after 30000ms.\n"
     "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)\n"
     "\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)\n"
     "\tat com.shop.orders.OrderRepository.save(OrderRepository.java:{n:40:200})\n"
     "\t... {n:20:70} more"},
    {"java", failure, error,
     "{comma} ERROR [pool-2-thread-{n:1:8}] com.shop.report.Exporter - Export failed\n"
     "java.lang.OutOfMemoryError: Java heap space\n"
     "\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)\n"
     "\tat com.shop.report.Exporter.run(Exporter.java:{n:40:200})\n"
     "Caused by: java.lang.IllegalStateException: rows={n:100000:900000}\n"
     "\t... 12 more"},

    {"syslog", usual, unknown,
     "{bsd} {host} sshd[{n:900:30000}]: Accepted publickey for deploy from {peer} port "
     "{n:30000:60000} ssh2: ED25519 SHA256:{hex8}{hex8}"},
    {"syslog", usual, unknown,
     "{bsd} {host} CRON[{n:900:30000}]: (root) CMD (/usr/lib/sysstat/debian-sa1 1 1)"},
    {"syslog", odd, unknown,
     "{bsd} {host} sshd[{n:900:30000}]: Invalid user oracle from {ip} port {n:30000:60000}"},
    {"syslog", failure, error,
     "<27>1 {iso} {host} payments {n:900:30000} - - error: certificate verify failed: certificate "
     "has expired (depth 0) talking to {peer}:443"},

    {"systemd", usual, unknown, "{bsd} {host} systemd[1]: Started {service}.service - The shop."},
    {"systemd", usual, unknown,
     "{bsd} {host} systemd[1]: logrotate.service: Deactivated successfully."},
    {"systemd", failure, unknown,
     "{bsd} {host} systemd[1]: {service}.service: Main process exited, code=killed, status=9/KILL"},
    {"systemd", failure, unknown,
     "{bsd} {host} systemd[1]: {service}.service: Start request repeated too quickly."},

    {"kernel", usual, unknown,
     "{bsd} {host} kernel: [{n:1000:90000}.{n:100000:999999}] IPv6: ADDRCONF(NETDEV_CHANGE): "
     "veth{hex8}: link becomes ready"},
    {"kernel", failure, unknown,
     "{bsd} {host} kernel: [{n:1000:90000}.{n:100000:999999}] Out of memory: Killed process "
     "{n:900:30000} ({service}) total-vm:{n:900000:9000000}kB, anon-rss:{n:400000:900000}kB, "
     "file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:{n:900:9000}kB oom_score_adj:0"},
    {"kernel", failure, unknown,
     "{bsd} {host} kernel: [{n:1000:90000}.{n:100000:999999}] EXT4-fs error (device sda1): "
     "ext4_find_entry:1455: inode #{n:1000:9999}: comm {service}: reading directory lblock 0"},

    {"redis", usual, notice, "{n:1:9}:M {redis} * Background saving terminated with success"},
    {"redis", usual, notice, "{n:1:9}:M {redis} * {n:10:900} changes in 300 seconds. Saving..."},
    {"redis", odd, warning,
     "{n:1:9}:M {redis} # WARNING: The TCP backlog setting of 511 cannot be enforced"},
    {"redis", failure, warning,
     "{n:1:9}:M {redis} # Error allocating resources for the client: Too many open files"},
    {"redis", failure, warning,
     "{n:1:9}:M {redis} # MISCONF Errors writing to the AOF file: No space left on device"},

    {"node", usual, info,
     R"({"level":30,"time":{ms},"pid":{n:10:900},"hostname":"{host}","reqId":"{uuid}","msg":"GET {path} 200 {n:3:90}ms"})"},
    {"node", odd, warning,
     R"({"level":40,"time":{ms},"pid":{n:10:900},"hostname":"{host}","msg":"slow query: {n:900:4000} ms"})"},
    {"node", failure, error,
     R"json({"level":50,"time":{ms},"pid":{n:10:900},"hostname":"{host}","err":{"type":"Error","message":"connect ECONNREFUSED {peer}:6379","stack":"Error: connect ECONNREFUSED {peer}:6379\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)"},"msg":"session store is gone"})json"},
    {"node", failure, critical,
     R"({"level":60,"time":{ms},"pid":{n:10:900},"hostname":"{host}","msg":"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"})"},

    {"json", usual, info,
     R"({"timestamp":"{iso}","level":"info","service":"{service}","message":"token issued for {user}","duration_ms":{n:1:40}})"},
    {"json", odd, warning,
     R"({"timestamp":"{iso}","level":"warn","service":"{service}","message":"queue is {n:80:99}% full"})"},
    {"json", failure, error,
     R"({"timestamp":"{iso}","level":"error","service":"{service}","message":"token rejected: audience is payments-api, expected payments","trace_id":"{hex8}{hex8}"})"},

    {"logfmt", usual, info,
     "time={iso} level=info msg=\"request completed\" service={service} method=GET path={path} "
     "status=200 duration={n:1:90}ms"},
    {"logfmt", odd, warning,
     "time={iso} level=warn msg=\"rate limit is near\" service={service} used={n:80:99}%"},
    {"logfmt", failure, error,
     "time={iso} level=error msg=\"write failed\" service={service} err=\"write "
     "/var/spool/photos/{hex8}.jpg: no space left on device\""},

    {"go", usual, info,
     "{go_tab}\tinfo\tserver/http.go:{n:40:200}\trequest served\t{\"path\": \"{path}\", \"ms\": "
     "{n:1:90}}"},
    {"go", odd, warning,
     "{go_tab}\twarn\tclient/retry.go:{n:40:200}\tretrying\t{\"attempt\": {n:1:5}, \"to\": "
     "\"{peer}:8081\"}"},
    {"go", failure, error,
     "{go_tab}\terror\tclient/dial.go:{n:40:200}\tdial failed\t{\"error\": \"dial tcp "
     "{peer}:8081: connect: connection refused\"}"},
};

}  // namespace

std::span<const LineTemplate> line_templates() { return kTemplates; }

}  // namespace healer
