# The life of incidents on a fake clock: flow, engine, pipeline, playbooks and git together.
if(HEALER_TESTS)
  file(GLOB life_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/life/*_test.cc)
  add_executable(incident_life_test ${life_tests})
  target_include_directories(incident_life_test PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(incident_life_test PRIVATE app_server app_notify GTest::gtest GTest::gtest_main)
  target_compile_definitions(incident_life_test PRIVATE HEALER_CASES="${CMAKE_SOURCE_DIR}/tests/cases")
  add_test(NAME incident_life COMMAND incident_life_test)
endif()
