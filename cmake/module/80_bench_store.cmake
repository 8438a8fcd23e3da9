# Measurements of engine and store; built on demand: cmake --build build/release --target engine_bench
foreach(bench IN ITEMS engine_bench store_bench)
  add_executable(${bench} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/${bench}.cc)
  target_include_directories(${bench} PRIVATE ${CMAKE_SOURCE_DIR})
endforeach()
target_link_libraries(engine_bench PRIVATE engine)
target_link_libraries(store_bench PRIVATE ports_store)
