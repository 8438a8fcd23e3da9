healer_module(stages_fix stages/fix types edit repo lib::fmt lib::re2)
# All playbooks as one YAML stream: each file begins with "---".
file(GLOB playbooks CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/playbooks/*.yaml)
set(playbooks_stream ${CMAKE_BINARY_DIR}/blob/playbooks.yaml)
add_custom_command(OUTPUT ${playbooks_stream} COMMAND cat ${playbooks} > ${playbooks_stream}
  DEPENDS ${playbooks} VERBATIM)
healer_blob(stages_fix healer_playbooks ${playbooks_stream})
