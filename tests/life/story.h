#pragma once
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "app/config/settings.h"
#include "incident/transitions.h"
#include "tests/case_file.h"
#include "tests/life/world.h"

namespace healer::testing {

// One case of tests/cases/incident: what stands there before, what happens at which time, and then
// the report of everything that came of it. Its README has the words.
class Story {
 public:
  explicit Story(const CaseFile& file) : rows_(file.rows()) {}

  std::string tell() {
    for (const auto& [key, row] : rows_)
      if (key.front() != '+') prepare(key, row);
    begin();
    for (const auto& [key, row] : rows_) {
      if (key.front() != '+') continue;
      world_->advance_to(start_ + span(key.substr(1)));
      act(row);
      if (::testing::Test::HasFatalFailure()) return "failed";
    }
    return readable(report());
  }

  // kill -9 right before the n-th journal row is on disk.
  void crash_at(int n) { crash_ = n; }
  bool crashed() const { return world_->crashes > 0; }

 private:
  using Words = std::vector<std::string>;
  static constexpr Millis kLead{15 * 60'000};  // everything stands and works this long before +0s

  static UnixMs span(const std::string& text) {
    const auto value = parse_duration(text);
    EXPECT_TRUE(value) << text;
    return value.value_or(Millis{0}).count();
  }

  static Words words(const std::string& row) {
    std::istringstream in(row);
    return {std::istream_iterator<std::string>(in), {}};
  }

  // Takes "key value" out of the words.
  static std::string take(Words& words, const std::string& key, std::string otherwise = "") {
    const auto at = std::ranges::find(words, key);
    if (at == words.end() || at + 1 == words.end()) return otherwise;
    std::string out = *(at + 1);
    words.erase(at, at + 2);
    return out;
  }

  static std::string joined(const Words& words) { return fmt::format("{}", fmt::join(words, " ")); }

  // ---- what stands there

  void prepare(const std::string& key, const std::string& row) {
    Words all = words(row);
    if (key == "rules") {
      rules_ = row;
    } else if (key == "repository") {
      repositories_[all.at(0)] = Words(all.begin() + 2, all.end());
    } else if (key == "check") {
      check_ = row;
    } else if (key == "sandbox") {
      sandbox_ = row;
    } else if (key == "contacts") {
      contacts_ = all;
    } else if (key == "traffic") {
      traffic_ = row == "none" ? 0 : span(all.at(0));
      lead_ = Millis(all.size() > 2 ? span(all.at(2)) : kLead.count());
    } else if (key == "deploy") {
      deploys_ = row;
    } else if (key == "route") {
      add_route(all);
    } else if (key == "policy") {
      for (const auto& word : all) set_policy(word);
    } else {
      ADD_FAILURE() << key;
    }
  }

  void set_policy(const std::string& word) {
    const auto cut = word.find('=');
    Settings settings;
    settings.policy = setup_.policy;
    for (const auto& known : setting_rows())
      if (known.name == "policy." + word.substr(0, cut)) {
        ASSERT_TRUE(known.set(settings, {word.substr(cut + 1)})) << word;
        setup_.policy = settings.policy;
        return;
      }
    ADD_FAILURE() << word;
  }

  void add_route(Words all) {
    NotifyRoute route{.name = all.at(0)};
    route.pages = all.back() == "pages";
    if (const auto severity = take(all, "severity"); !severity.empty())
      route.severities = {severity};
    if (const auto status = take(all, "status"); !status.empty()) route.statuses = {status};
    setup_.routes.push_back(std::move(route));
  }

  static std::string settings_file(const std::string& service, bool good) {
    return fmt::format(
        "# {}\ndatabase:\n  pool:\n    max: {}\nresources:\n  limits:\n    memory: {}\n", service,
        good ? 20 : 2, good ? "512Mi" : "128Mi");
  }

  void begin() {
    if (repositories_.empty()) repositories_["shop"] = {"shop"};
    for (const auto& [name, services] : repositories_)
      for (const auto& service : services)
        setup_.services.push_back({.name = service,
                                   .environment = "production",
                                   .owner = "team",
                                   .contacts = contacts_,
                                   .logs = {service + ".log"},
                                   .repositories = {{.url = room_.url(name),
                                                     .branch = "main",
                                                     .path = service,
                                                     .trust_deploy = !deploys_.empty()}}});
    setup_.services.push_back({.name = "lone", .logs = {"lone.log"}});
    world_ = std::make_unique<World>(room_, setup_);
    start_ = world_->now() + lead_.count();
    world_->executor.pass_time = [this](Millis by) { world_->clock.advance(by); };
    world_->executor.check = check_;
    world_->executor.support.available = sandbox_ != "none";
    world_->executor.support.reason = "no namespaces";
    world_->executor.deploy = [this](const Command& command) { return owners_deploy(command); };
    world_->next_tick = [this] { return traffic_ == 0 ? 0 : next_traffic_; };
    world_->tick = [this] { flow(); };
    next_traffic_ = world_->now() + 1000;
    world_->advance_to(start_ - kLead.count());
    for (const auto& [name, services] : repositories_) make_repository(name, services);
    world_->store().crash_at_journal_write(crash_, CrashPoint::before_sync);
  }

  void make_repository(const std::string& name, const Words& services) {
    room_.make(name);
    GitRoom::Files good, bad;
    for (const auto& service : services) {
      good[service + "/app.yaml"] = settings_file(service, true);
      bad[service + "/app.yaml"] = settings_file(service, false);
    }
    if (rules_ != "none") good[".healer.yml"] = rules_ + "\n";
    const UnixMs at = world_->now();
    room_.push(name, "main", good, "Add " + joined(services), "ina", at - 60'000);
    const auto base = room_.push(name, "main", bad, "Save money in staging", "ina", at - 30'000);
    names_[base] = repositories_.size() == 1 ? "base" : "base of " + name;
    for (const auto& service : services)
      world_->deployed({.service = service, .commit = base, .at = at});
  }

  // ---- what happens

  void act(const std::string& row) {
    Words all = words(row);
    static const std::map<std::string, void (Story::*)(Words)> kVerbs{
        {"alert", &Story::alert},     {"deploy", &Story::deploy},   {"approve", &Story::approve},
        {"dismiss", &Story::person},  {"retry", &Story::person},    {"revert", &Story::person},
        {"fix", &Story::person},      {"report", &Story::person},   {"close", &Story::close},
        {"merge", &Story::merge},     {"push", &Story::push},       {"policy", &Story::policy},
        {"silence", &Story::silence}, {"traffic", &Story::traffic}, {"repository", &Story::hide},
        {"rules", &Story::rules},     {"check", &Story::check},     {"restart", &Story::restart},
        {"keep", &Story::keep},       {"stop", &Story::stop},       {"forge", &Story::forge},
        {"look", &Story::look}};
    if (const auto verb = kVerbs.find(all.at(0)); verb != kVerbs.end())
      return (this->*verb->second)(std::move(all));
    records(std::move(all));
  }

  // "6 x pool exhausted [on SERVICE] [by COMMIT] [written 12m | ahead 2h]"
  void records(Words all) {
    const int count = std::stoi(all.at(0));
    const std::string service = take(all, "on", setup_.services.front().name);
    const std::string by = take(all, "by");
    const UnixMs at =
        world_->now() - span(take(all, "written", "0s")) + span(take(all, "ahead", "0s"));
    std::vector<RecordBatch> batches;
    batches.push_back(batch(service, joined(Words(all.begin() + 2, all.end())), count, by, at));
    world_->feed(std::move(batches));
  }

  static std::string line(const std::string& phrase, int n) {
    static const std::map<std::string, std::string> kLines{
        {"order placed", "INFO orders: order {} placed"},
        {"pool exhausted",
         "ERROR db: connection pool exhausted: 2 of 2 connections in use, {} requests waiting"},
        {"pool timeout", "ERROR db: could not get a connection from the pool within {} ms"},
        {"pool empty",
         "ERROR orders: POST /orders failed: connection pool is depleted ({} waiting)"},
        {"out of memory", "CRITICAL kernel: Memory cgroup out of memory: Killed process {} (java)"},
        {"total negative", "ERROR orders: total of order {} is negative"},
        {"slow answer", "WARNING web: answer to request {} took longer than allowed"}};
    const auto known = kLines.find(phrase);
    EXPECT_NE(known, kLines.end()) << phrase;
    return known == kLines.end() ? "" : fmt::format(fmt::runtime(known->second), 100 + n);
  }

  RecordBatch batch(const std::string& service, const std::string& phrase, int count,
                    const std::string& by, UnixMs at) {
    RawPayload payload{.format = PayloadFormat::text, .source = service + ".log", .is_final = true};
    for (int i = 0; i < count; ++i)
      payload.bytes += format_utc(at) + " " + line(phrase, ++serial_) + "\n";
    StreamState state;
    RecordBatch out = ingest(state, std::move(payload), world_->now());
    if (!by.empty()) {
      const auto version = out.own(commit(by));
      for (auto& record : out.records) record.version = version;
    }
    return out;
  }

  // Every service does its usual work; what fails fails.
  void flow() {
    next_traffic_ += traffic_ + 1;  // never at the very time of a timer: either could come first
    std::vector<RecordBatch> batches;
    for (const auto& service : setup_.services)
      if (!quiet_.contains(service.name))
        batches.push_back(batch(service.name, "order placed", 1, "", world_->now()));
    for (const auto& [service, phrase] : failing_)
      batches.push_back(batch(service, phrase, 3, "", world_->now()));
    world_->feed(std::move(batches));
  }

  // "keep PHRASE [on SERVICE]": from now on three with every usual record; "stop SERVICE" ends it
  void keep(Words all) {
    const std::string service = take(all, "on", setup_.services.front().name);
    failing_[service] = joined(Words(all.begin() + 1, all.end()));
  }
  void stop(Words all) { failing_.erase(all.at(1)); }

  void alert(Words all) {
    const std::string service = take(all, "on", "shop");
    Alert alert{
        .status = all.at(1) == "firing" ? AlertStatus::firing : AlertStatus::resolved,
        .labels = {{"alertname", "PoolExhausted"}, {"service", service}, {"severity", "critical"}},
        .annotations = {{"summary", "connection pool exhausted"}},
        .starts_at = world_->now(),
        .ends_at = world_->now(),
        .fingerprint = "00000000000a1e47"};
    std::vector<RecordBatch> batches(1);
    append_alert(batches.front(), alert, "alertmanager", world_->now());
    world_->feed(std::move(batches));
  }

  // "deploy HEAD [of SERVICE] [to staging] [as image]"
  void deploy(Words all) {
    Deploy event;
    event.environment = take(all, "to");
    event.service = take(all, "of", setup_.services.front().name);
    const bool is_image = take(all, "as") == "image";
    event.commit = commit(all.at(1), event.service);
    if (is_image)
      event.image = "registry.example/" + event.service + ":1-" +
                    std::exchange(event.commit, {}).substr(0, 12);
    event.at = world_->now();
    said("deploy", world_->deployed(event));
  }

  Result<ProcessResult> owners_deploy(const Command& command) {
    if (deploys_.starts_with("fails")) {
      if (deploys_ == "fails once") deploys_ = "reports";
      return ProcessResult{.exit_code = 1, .out = {}, .err = "no such host"};
    }
    Deploy event{.service = command.env.at("HEALER_SERVICE"),
                 .environment = command.env.at("HEALER_ENVIRONMENT"),
                 .commit = command.env.at("HEALER_COMMIT"),
                 .at = world_->now()};
    world_->report_deploy(event);
    return ProcessResult{};
  }

  std::string subject_incident(Words& all) {
    const auto n = static_cast<std::size_t>(std::stoi(take(all, "of", "1")));
    if (n > world_->opened.size()) {
      ADD_FAILURE() << "there is no incident " << n;
      return "";
    }
    return world_->opened.at(n - 1);
  }

  // "approve plan|head|WORD [of N] as NAME"
  void approve(Words all) {
    const std::string id = subject_incident(all);
    IncidentSignal signal{.kind = SignalKind::approve, .actor = take(all, "as", "mara")};
    const Incident incident = world_->incident(id);
    const std::string what = all.size() > 1 ? all.at(1) : "";
    signal.subject = what == "plan"   ? incident.plan_hash
                     : what == "head" ? incident.head_sha
                                      : what;
    said(joined(all), world_->act(id, signal));
  }

  // "dismiss|retry|revert|fix|report [of N] [as NAME] WHY…"
  void person(Words all) {
    const std::string id = subject_incident(all);
    IncidentSignal signal{.kind = *parse_enum<SignalKind>(all.at(0)),
                          .actor = take(all, "as", "mara")};
    signal.why = joined(Words(all.begin() + 1, all.end()));
    said(all.at(0), world_->act(id, signal));
  }

  struct Pull {
    std::string repository;
    std::int64_t number = 0;
  };
  Pull pull(Words& all) {
    const bool numbered = all.size() > 2 && std::isdigit(all.at(2).front()) != 0;
    return {take(all, "in", repositories_.begin()->first), numbered ? std::stoi(all.at(2)) : 1};
  }
  void close(Words all) {
    const Pull which = pull(all);
    EXPECT_TRUE(world_->forge.real.close_pull(room_.url(which.repository), which.number,
                                              take(all, "as", "mara")));
  }
  void merge(Words all) {
    const Pull which = pull(all);
    const std::string url = room_.url(which.repository);
    const auto open = world_->forge.real.pull(url, which.number);
    ASSERT_TRUE(open) << open.error().message;
    const auto merged = world_->forge.real.merge(url, which.number, open->head_sha,
                                                 take(all, "as", "mara"), world_->now());
    EXPECT_TRUE(merged) << merged.error().message;
  }

  // "push FILE to main|branch [in REPOSITORY] [from OLD to NEW]": another line, or other text
  void push(Words all) {
    const std::string repository = take(all, "in", repositories_.begin()->first);
    std::string branch = take(all, "to");
    if (branch == "branch") branch = world_->incident(subject_incident(all)).branch;
    const std::string& file = all.at(1);
    std::string text = room_.read(repository, file);
    if (const auto old = std::ranges::find(all, "replace"); old != all.end()) {
      const std::string before = *(old + 1), after = *(old + 3);
      const auto at = text.find(before);
      ASSERT_NE(at, std::string::npos) << before;
      text.replace(at, before.size(), after);
    } else {
      text += fmt::format("# looked at {} times\n", ++serial_);
    }
    room_.push(repository, branch, {{file, text}}, "Change " + file, "mara", world_->now());
  }

  void policy(Words all) {
    for (auto word = all.begin() + 1; word != all.end(); ++word) set_policy(*word);
    world_->change_policy([&](Policy& policy) { policy = setup_.policy; });
  }
  // "silence shop for 1h"
  void silence(Words all) {
    const UnixMs until = world_->now() + span(take(all, "for"));
    said(joined(all), world_->silence(all.at(1), until));
  }
  // "traffic stops|starts [on SERVICE]"
  void traffic(Words all) {
    const std::string service = take(all, "on", setup_.services.front().name);
    if (all.at(1) == "stops")
      quiet_.insert(service);
    else
      quiet_.erase(service);
  }
  void hide(Words all) {
    if (all.at(1) == "gone")
      room_.hide(repositories_.begin()->first);
    else
      room_.show(repositories_.begin()->first);
  }
  void rules(Words all) {
    room_.push(repositories_.begin()->first, "main",
               {{".healer.yml", joined(Words(all.begin() + 1, all.end())) + "\n"}},
               "Change the rules", "mara", world_->now());
  }
  // "check passes|fails|breaks|looks", "check takes 3m"
  void check(Words all) {
    if (all.at(1) == "takes")
      world_->executor.takes = Millis(span(all.at(2)));
    else
      world_->executor.check = all.at(1) == "looks" ? "" : all.at(1);
  }
  // "forge refuses CALL", "forge works"
  void forge(Words all) { world_->forge.refuses = all.at(1) == "works" ? "" : all.at(2); }
  void restart(Words) {
    world_->restart();
    world_->settle();
  }
  void look(Words) {}

  // HEAD, base, merge (of the first incident), or a hash.
  std::string commit(const std::string& word, const std::string& service = "") {
    if (word == "merge") return world_->incident(world_->opened.front()).merge_sha;
    std::string repository = repositories_.begin()->first;
    for (const auto& [name, services] : repositories_)
      if (std::ranges::find(services, service) != services.end()) repository = name;
    if (word == "HEAD") return room_.head(repository, "main");
    for (const auto& [sha, name] : names_)
      if (name == word || name == word + " of " + repository) return sha;
    return word;
  }

  void said(const std::string& what, const std::string& answer) {
    if (!answer.empty()) said_ += fmt::format("{} {}: {}\n", offset(world_->now()), what, answer);
  }

  // ---- what came of it

  std::string offset(UnixMs at) const {
    return "+" + format_duration(Millis((at - start_) / 1000 * 1000));
  }

  std::string report() {
    std::string out = said_;
    for (std::size_t i = 0; i < world_->opened.size(); ++i) {
      const Incident incident = world_->incident(world_->opened[i]);
      out += fmt::format("incident {}: {} {} {}, {} records{}\n", i + 1, incident.service,
                         to_string(incident.severity), to_string(incident.category), incident.count,
                         incident.parent.empty() ? "" : ", parent " + incident.parent);
      for (const auto& entry : incident.timeline)
        out += fmt::format("  {:<8} {}{}{}{}\n", offset(entry.at), to_string(entry.status),
                           entry.actor == "healer" ? "" : " (" + entry.actor + ")",
                           entry.detail.empty() ? "" : ": ", one_line(entry.detail));
      out += told(incident.id);
    }
    for (const auto& [name, services] : repositories_) out += repository(name);
    return out;
  }

  static std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
  }

  std::string told(const std::string& id) {
    std::map<std::string, std::string> by_route;
    for (const auto& notice : world_->notices) {
      const auto incident = from_json<Incident>(notice.row.bytes);
      if (!incident || incident->id != id) continue;
      auto& line = by_route[notice.row.sink.substr(notice.row.sink.find(':') + 1)];
      line += fmt::format("{}{} {}", line.empty() ? "" : ", ", offset(notice.at),
                          to_string(incident->status));
    }
    std::string out;
    for (const auto& [route, line] : by_route) out += fmt::format("  told {}: {}\n", route, line);
    return out;
  }

  std::string repository(const std::string& name) {
    std::string out;
    const std::string url = room_.url(name);
    for (std::int64_t n = 1; std::filesystem::exists(url + ".pulls.json"); ++n) {
      const auto pull = world_->forge.real.pull(url, n);
      if (!pull) break;
      out += fmt::format("{}#{}: {}, {}{}, {}\n", name, n, pull->title,
                         pull->draft ? "draft, " : "", to_string(pull->state), pull->head_branch);
    }
    out += fmt::format("{}: {}\n", name, fmt::join(room_.subjects(name), " < "));
    return out;
  }

  // Commits by name, incidents by number, no folder of this machine.
  std::string readable(std::string text) const {
    for (std::size_t i = world_->opened.size(); i-- > 0;)
      replace_all(text, world_->opened[i], fmt::format("i{}", i + 1));
    replace_all(text, room_.folder() + "/", "");
    replace_all(text, ".git.pulls.json", "");
    std::map<std::string, std::string> names;
    for (const auto& [sha, name] : names_) names[sha.substr(0, 12)] = name;
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && std::isxdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
      if (end - at == 40 || end - at == 12) {
        const auto [known, fresh] = names.emplace(text.substr(at, 12), "");
        if (fresh) known->second = fmt::format("c{}", names.size() - names_.size());
        out += known->second;
      } else {
        out += text.substr(at, end - at);
      }
      at = end;
      if (at < text.size()) out += text[at++];
    }
    return out;
  }

  static void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }

  const std::vector<std::pair<std::string, std::string>> rows_;
  Setup setup_;
  std::map<std::string, Words> repositories_;
  std::map<std::string, std::string> names_;  // of commits
  std::string rules_ = "{check: [check], deploy: [deploy]}", check_, sandbox_, deploys_, said_;
  Words contacts_;
  UnixMs traffic_ = 60'000, next_traffic_ = 0, start_ = 0;
  Millis lead_ = kLead;
  std::set<std::string> quiet_;
  std::map<std::string, std::string> failing_;
  int serial_ = 0;
  int crash_ = 0;
  GitRoom room_;
  std::unique_ptr<World> world_;
};

}  // namespace healer::testing
