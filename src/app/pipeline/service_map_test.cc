#include "app/pipeline/service_map.h"

#include <gtest/gtest.h>

namespace healer {
namespace {

LogRecord record(std::string_view source, std::string_view host = {}) {
  LogRecord out;
  out.source = source;
  out.host = host;
  out.time = 1000;
  return out;
}

TEST(ServiceMap, ClaimsByLogFileGlobAndLabel) {
  ServiceMap map(
      {{.name = "shop", .match = {"shop-*"}, .logs = {"/var/log/shop/*.log"}}, {.name = "pay"}});
  RecordBatch batch;
  batch.records = {record("/var/log/shop/a.log"), record("x", "shop-7"), record("x"), record("x")};
  batch.records[3].attributes = {{"service.name", "pay"}};
  map.assign(batch);
  EXPECT_EQ(batch.records[0].service, "shop");
  EXPECT_EQ(batch.records[1].service, "shop");
  EXPECT_EQ(batch.records[2].service, "") << "nobody claims it";
  EXPECT_EQ(batch.records[3].service, "pay");
}

TEST(ServiceMap, AHintOfAnUnknownServiceIsNotBelieved) {
  ServiceMap map(std::vector<Service>{{.name = "pay"}});
  RecordBatch batch;
  batch.records = {record("x"), record("y")};
  batch.records[0].service = "pay";
  batch.records[1].service = "root";
  map.assign(batch);
  EXPECT_EQ(batch.records[0].service, "pay");
  EXPECT_EQ(batch.records[1].service, "");
}

TEST(ServiceMap, ARecordCarriesTheVersionThatWroteIt) {
  ServiceMap map({{.name = "shop", .environment = "production", .match = {"*"}}});
  map.deployed({.service = "shop", .commit = "new", .at = 2000});
  map.deployed({.service = "shop", .commit = "old", .at = 500});
  map.deployed({.service = "shop", .commit = "bad", .status = "failed", .at = 600});
  map.deployed({.service = "shop", .environment = "staging", .commit = "bad", .at = 600});
  RecordBatch batch;
  batch.records = {record("x"), record("x"), record("x")};
  batch.records[1].time = 2000;
  batch.records[2].time = 100;
  map.assign(batch);
  EXPECT_EQ(batch.records[0].version, "old");
  EXPECT_EQ(batch.records[1].version, "new");
  EXPECT_EQ(batch.records[2].version, "");
}

}  // namespace
}  // namespace healer
