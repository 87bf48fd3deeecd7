# sonde_embed(TARGET NAME DIRECTORY DEPENDS ...): the files below DIRECTORY, gzipped, inside TARGET, as the table
# sonde::cli::embedded::NAME (cli/embedded.h). The list is taken at build time, after DEPENDS were made.
function(sonde_embed target name directory)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded_${name})
  add_custom_command(
    OUTPUT ${out}/${name}.S ${out}/${name}.cc
    COMMAND ${CMAKE_COMMAND} -DNAME=${name} -DDIRECTORY=${directory} -DOUT=${out} -P ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
    DEPENDS ${ARG_DEPENDS} ${CMAKE_SOURCE_DIR}/cmake/embed_script.cmake
    COMMENT "Embedding ${name}" VERBATIM)
  set_source_files_properties(${out}/${name}.S PROPERTIES OBJECT_DEPENDS ${out}/${name}.cc)
  target_sources(${target} PRIVATE ${out}/${name}.S ${out}/${name}.cc)
endfunction()
