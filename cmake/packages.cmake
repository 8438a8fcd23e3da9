# Every third-party library, by the name its modules link. Debian package names: packages.txt.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
foreach(pair IN ITEMS sqlite:sqlite3 git2:libgit2 hyperscan:libhs re2:re2 fyaml:libfyaml simdjson:simdjson
    fmt:fmt spdlog:spdlog curl:libcurl xxhash:libxxhash seccomp:libseccomp zlib:zlib tomlplusplus:tomlplusplus
    crypto:libcrypto)
  string(REPLACE ":" ";" parts ${pair})
  list(GET parts 0 name)
  list(GET parts 1 pc)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${pc})
  add_library(lib::${name} ALIAS PkgConfig::${name})
endforeach()
find_package(Boost 1.81 REQUIRED COMPONENTS json)
add_library(lib_boost_json INTERFACE)
target_link_libraries(lib_boost_json INTERFACE Boost::json)
add_library(lib::boost_json ALIAS lib_boost_json)
add_library(lib_asio INTERFACE)  # Asio and Beast are headers only
target_link_libraries(lib_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(lib_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
add_library(lib::asio ALIAS lib_asio)
if(HEALER_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
endif()
