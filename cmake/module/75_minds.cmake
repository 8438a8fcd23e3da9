# What models and agents do to an incident: flow, engine, git and the two ports together.
if(HEALER_TESTS)
  file(GLOB minds_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/minds/*_test.cc)
  add_executable(incident_minds_test ${minds_tests})
  target_include_directories(incident_minds_test PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(incident_minds_test PRIVATE incident GTest::gtest GTest::gtest_main)
  target_compile_definitions(incident_minds_test PRIVATE HEALER_CASES="${CMAKE_SOURCE_DIR}/tests/cases")
  add_test(NAME incident_minds COMMAND incident_minds_test)
endif()
