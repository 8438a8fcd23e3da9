healer_module(app_demo app/demo incident types ports_exec lib::fmt)
# The demo service's files as one archive, the same for the same files.
file(GLOB_RECURSE demo_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/demo/shop/* ${CMAKE_SOURCE_DIR}/demo/services/*)
list(FILTER demo_files EXCLUDE REGEX "__pycache__|\\.db")
set(demo_archive ${CMAKE_BINARY_DIR}/blob/demo.tar)
add_custom_command(OUTPUT ${demo_archive}
  COMMAND tar --create --file ${demo_archive} --format ustar --sort name --mtime @0 --owner 0 --group 0 --numeric-owner
    --mode u=rwX,go=rX --exclude __pycache__ --exclude *.db --directory ${CMAKE_SOURCE_DIR}/demo services shop
  DEPENDS ${demo_files} VERBATIM)
healer_blob(app_demo healer_demo_files ${demo_archive})
healer_blob(app_demo healer_demo_scenarios ${CMAKE_SOURCE_DIR}/demo/services/scenarios.json)
