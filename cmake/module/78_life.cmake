# The life of incidents on a fake clock: flow, engine, pipeline, playbooks and git together.
file(GLOB life_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/life/*_test.cc)
healer_tests(incident_life_test "${life_tests}" app_server app_notify)
