add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wnull-dereference $<$<COMPILE_LANGUAGE:CXX>:-fno-strict-aliasing>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside libstdc++ itself at -O2 and above.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-null-dereference -Wno-missing-field-initializers
    -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
else()
  add_compile_options(-Wno-missing-field-initializers -Wno-missing-designated-field-initializers
    -Wno-gnu-statement-expression-from-macro-expansion -Wno-gnu-statement-expression -Wno-c99-extensions
    -Wno-deprecated-declarations)  # of libstdc++ itself, in stable_sort
endif()
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(HEALER_SANITIZE)
  add_compile_options(-fsanitize=${HEALER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${HEALER_SANITIZE})
  if(HEALER_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio has fences, which the sanitizer does not see
  endif()
endif()
find_program(CCACHE ccache)
if(CCACHE)
  # Another clone of the same commit finds what this one compiled.
  set(with_ccache ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${with_ccache})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${with_ccache})
endif()
