# Measurements of ingest and mine; built on demand: cmake --build build/release --target mine_bench
add_executable(mine_bench EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/mine_bench.cc)
target_include_directories(mine_bench PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(mine_bench PRIVATE stages_mine)
