# What every target of this project has in common, said once.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set_property(GLOBAL PROPERTY RULE_MESSAGES OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(simdjson REQUIRED)

# Warnings are ours alone: PRIVATE, so that nobody who links us inherits them.
function(paracle_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter
    $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>
    $<$<BOOL:${PARACLE_WERROR}>:-Werror>)
endfunction()

# paracle_library(NAME SOURCES a.cc... [PUBLIC lib...] [PRIVATE lib...]), also known as paracle::NAME.
function(paracle_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(paracle_${name} STATIC ${ARG_SOURCES})
  add_library(paracle::${name} ALIAS paracle_${name})
  target_include_directories(paracle_${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(paracle_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  paracle_warnings(paracle_${name})
endfunction()

# paracle_executable(OUTPUT_NAME SOURCES a.cc... LIBS lib...)
function(paracle_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  paracle_warnings(${name})
endfunction()

# paracle_test(NAME SOURCES a.cc... LIBS lib... [LABELS label...] [TIMEOUT seconds])
# The suffix of the name says what it needs: `_test` nothing, `_redis_test` a redis-server. Sources of tests see
# PARACLE_TEST_DATA (tests/data) and PARACLE_SHARED_DATA (the recorded data, which may be absent).
function(paracle_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  paracle_executable(${name} SOURCES ${ARG_SOURCES} LIBS ${ARG_LIBS} GTest::gmock_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_compile_definitions(${name} PRIVATE
    PARACLE_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data"
    PARACLE_PROTO_DIR="${PROJECT_SOURCE_DIR}/proto/paracle/cache/v1"
    PARACLE_SHARED_DATA="${PROJECT_SOURCE_DIR}/../shared/data")
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
