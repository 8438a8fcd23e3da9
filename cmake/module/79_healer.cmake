healer_module(app_commands app/commands app_server app_brain app_fix app_remote app_story app_demo_logs app_cli app_config stages_mine sources_tail lib::boost_json lib::fmt)
add_executable(healer ${CMAKE_SOURCE_DIR}/src/app/main.cc)
target_link_libraries(healer PRIVATE app_commands)
