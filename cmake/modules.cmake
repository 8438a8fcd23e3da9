# healer_tests(NAME SOURCES DEPENDS...): one test executable, run with the folder of cases in HEALER_CASES.
function(healer_tests name sources)
  if(HEALER_TESTS)
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(${name} PRIVATE ${ARGN} GTest::gtest GTest::gtest_main)
    target_compile_options(${name} PRIVATE -O0)  # tests are compiled more often than their speed counts
    target_compile_definitions(${name} PRIVATE HEALER_CASES="${CMAKE_SOURCE_DIR}/tests/cases" HEALER_SOURCE="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name})
  endif()
endfunction()

# healer_module(NAME FOLDER DEPENDS...)
#   library `NAME` from src/FOLDER/*.cc, and `NAME_test` from src/FOLDER/*_test.cc. Fuzz targets: *_fuzz.cc,
#   one executable each. FOLDER is not searched below.
function(healer_module name folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz)\\.cc$|/main\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${name} PUBLIC ${ARGN} Threads::Threads)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(${name} INTERFACE ${ARGN})
  endif()
  if(tests)
    healer_tests(${name}_test "${tests}" ${name})
  endif()
  if(HEALER_FUZZ)
    foreach(fuzzer IN LISTS fuzzers)
      cmake_path(GET fuzzer STEM stem)
      add_executable(${stem} ${fuzzer})
      target_link_libraries(${stem} PRIVATE ${name} -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()

# healer_blob(TARGET SYMBOL FILE): embeds FILE; `std::string_view SYMBOL()` is declared in blob/SYMBOL.h.
function(healer_blob target symbol file)
  set(dir ${CMAKE_BINARY_DIR}/blob)
  file(MAKE_DIRECTORY ${dir}/blob)
  file(CONFIGURE OUTPUT ${dir}/${symbol}.S CONTENT
".section .rodata
.balign 64
.global healer_blob_${symbol}_begin
healer_blob_${symbol}_begin:
.incbin \"${file}\"
.global healer_blob_${symbol}_end
healer_blob_${symbol}_end:
.byte 0
.section .note.GNU-stack,\"\",@progbits
")
  file(CONFIGURE OUTPUT ${dir}/blob/${symbol}.h CONTENT
"#pragma once
#include <string_view>
extern \"C\" const char healer_blob_${symbol}_begin[], healer_blob_${symbol}_end[];
inline std::string_view ${symbol}() {
  return {healer_blob_${symbol}_begin, static_cast<std::size_t>(healer_blob_${symbol}_end - healer_blob_${symbol}_begin)};
}
")
  set_source_files_properties(${dir}/${symbol}.S PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${dir}/${symbol}.S)
  target_include_directories(${target} PUBLIC ${dir})
endfunction()
