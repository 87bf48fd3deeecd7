# How our targets are made: the same include root, warnings and sanitizers for each.

add_library(sonde_build INTERFACE)
target_include_directories(sonde_build INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(sonde_build INTERFACE -Wall -Wextra -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  -Wno-missing-field-initializers)  # designated initializers leave members out on purpose
if(SONDE_WARNINGS_AS_ERRORS)
  target_compile_options(sonde_build INTERFACE -Werror)
endif()
if(SONDE_SANITIZE)
  target_compile_options(sonde_build INTERFACE -fsanitize=${SONDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(sonde_build INTERFACE -fsanitize=${SONDE_SANITIZE})
endif()

# sonde_library(NAME LINKS ...): a static library of all .cc files below the current folder.
function(sonde_library name)
  cmake_parse_arguments(ARG "" "" "LINKS;PRIVATE_LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC sonde_build ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS})
endfunction()

# sonde_test(NAME LINKS ... [LABELS ...]): a GoogleTest binary of all *_test.cc files in the current folder, each case a ctest.
function(sonde_test name)
  cmake_parse_arguments(ARG "" "" "LINKS;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE sonde_build ${ARG_LINKS} GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE SONDE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_dependencies(unit-tests ${name})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120 LABELS "${ARG_LABELS}")
endfunction()
