// The program: the command line decides everything.
#include "cli/command_line.h"

int main(int argc, char** argv) { return sonde::cli::CommandLine{sonde::cli::language_of(argc, argv)}.run(argc, argv); }
