// The server's log: one line for each thing that people should know, on standard error. Any thread.
#pragma once

#include <muster/ids.h>

#include <string_view>

#include "server/config/config.h"

namespace muster::log {

// Before it, only errors are written.
void start(config::LogLevel level, config::LogFormat format, ServerId self);

// One sentence each, without a full stop.
void debug(std::string_view sentence);
void info(std::string_view sentence);
void warn(std::string_view sentence);
void error(std::string_view sentence);

}  // namespace muster::log
