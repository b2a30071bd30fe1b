# Tests in Python run on Debian's own interpreter, for which python3-kazoo is packaged, not on another that PATH may name first.
find_program(MUSTER_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)

# muster_python_test(NAME MODULE [LABELS …] [TIMEOUT seconds] [ARGS …] [ENVIRONMENT …]): `python3 -m MODULE` in tests/, against the programs
# of this build. Alone on the machine: real servers want the cores.
function(muster_python_test name module)
  cmake_parse_arguments(arg "" "TIMEOUT" "LABELS;ARGS;ENVIRONMENT" ${ARGN})
  add_test(NAME ${name} COMMAND ${MUSTER_PYTHON} -B -m ${module} ${arg_ARGS} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ON
                       ENVIRONMENT "MUSTER_BUILD=${CMAKE_BINARY_DIR};${arg_ENVIRONMENT}")
endfunction()
