# What models and agents do to an incident: flow, engine, git and the two ports together.
file(GLOB minds_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/minds/*_test.cc)
healer_tests(incident_minds_test "${minds_tests}" incident stages_analyze knowledge_data)
