# Run by sonde_embed at build time: writes OUT/NAME.S (.incbin of each gzipped file) and OUT/NAME.cc (the table).
# Assembler, because #embed is not there yet and a C array of a megabyte takes the compiler seconds.
file(REMOVE_RECURSE ${OUT}/files)
file(MAKE_DIRECTORY ${OUT}/files)
file(GLOB_RECURSE paths RELATIVE ${DIRECTORY} ${DIRECTORY}/*)
list(SORT paths)
set(assembly ".section .note.GNU-stack,\"\",%progbits\n.section .rodata\n")
set(externs "")
set(rows "")
set(i 0)
foreach(path IN LISTS paths)
  if(path MATCHES "(^|/)node_modules/|\\.(py|md|json)$")
    continue()
  endif()
  set(packed ${OUT}/files/${i}.gz)
  file(ARCHIVE_CREATE OUTPUT ${packed} PATHS ${DIRECTORY}/${path} FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
  file(SHA256 ${DIRECTORY}/${path} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  set(symbol sonde_embedded_${NAME}_${i})
  string(APPEND assembly ".global ${symbol}\n${symbol}:\n.incbin \"${packed}\"\n.global ${symbol}_end\n${symbol}_end:\n.byte 0\n")
  string(APPEND externs "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
  string(APPEND rows "    EmbeddedFile{\"${path}\", \"${hash}\", ${symbol}, ${symbol}_end},\n")
  math(EXPR i "${i} + 1")
endforeach()
if(i EQUAL 0)
  message(FATAL_ERROR "nothing to embed in ${DIRECTORY}")
endif()
file(WRITE ${OUT}/${NAME}.S "${assembly}")
file(WRITE ${OUT}/${NAME}.cc "// Made by cmake/embed_script.cmake from ${NAME}.
#include <array>

#include \"cli/embedded.h\"

extern \"C\" {
${externs}}

namespace sonde::cli::embedded {
namespace {
const std::array<EmbeddedFile, ${i}> kFiles{{
${rows}}};
}  // namespace
std::span<const EmbeddedFile> ${NAME}() { return kFiles; }
}  // namespace sonde::cli::embedded
")
