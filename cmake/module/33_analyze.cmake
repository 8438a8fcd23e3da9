healer_module(stages_analyze stages/analyze types ports_match)

# The entries of knowledge/ packed, their examples checked, and the pattern database made of them.
add_executable(knowledge_compile ${CMAKE_SOURCE_DIR}/src/stages/analyze/compile/main.cc)
target_link_libraries(knowledge_compile PRIVATE stages_analyze lib::fmt)
file(GLOB knowledge_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/knowledge/[a-z]*.yaml)
set(knowledge_entries ${CMAKE_BINARY_DIR}/blob/knowledge.bin)
set(knowledge_database ${CMAKE_BINARY_DIR}/blob/knowledge.hsdb)
add_custom_command(OUTPUT ${knowledge_entries} ${knowledge_database}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/blob
  COMMAND knowledge_compile ${knowledge_entries} ${knowledge_database} ${knowledge_files}
  DEPENDS knowledge_compile ${knowledge_files} COMMENT "Compiling knowledge/" VERBATIM)
healer_module(knowledge_data stages/analyze/builtin stages_analyze)
healer_blob(knowledge_data healer_knowledge ${knowledge_entries})
healer_blob(knowledge_data healer_knowledge_database ${knowledge_database})
healer_blob(knowledge_data healer_lexicon ${CMAKE_SOURCE_DIR}/knowledge/_lexicon.yaml)
healer_blob(knowledge_data healer_brain ${CMAKE_SOURCE_DIR}/brain/embedded.bin)
