// The only file that knows spdlog.
#include "server/runtime/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

namespace muster::log {
namespace {

struct Log {
  spdlog::logger logger{"musterd", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  bool json = false;
};

// Never destroyed: threads may still write while the process ends.
Log& the_log() {
  static Log* log = [] {
    auto* fresh = new Log;
    fresh->logger.set_level(spdlog::level::err);
    fresh->logger.set_pattern("%Y-%m-%d %H:%M:%S.%e %-5l %v");
    return fresh;
  }();
  return *log;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

void write(spdlog::level::level_enum level, std::string_view sentence) {
  Log& log = the_log();
  if (!log.logger.should_log(level)) return;
  if (log.json) {
    log.logger.log(level, escaped(sentence));
  } else {
    log.logger.log(level, sentence);
  }
}

}  // namespace

void start(config::LogLevel level, config::LogFormat format, ServerId self) {
  Log& log = the_log();
  log.json = format == config::LogFormat::json;
  if (log.json) {
    log.logger.set_pattern(fmt::format(
        R"({{"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","server":{},"message":"%v"}})", self.value));
  }
  switch (level) {
    case config::LogLevel::debug:
      log.logger.set_level(spdlog::level::debug);
      break;
    case config::LogLevel::info:
      log.logger.set_level(spdlog::level::info);
      break;
    case config::LogLevel::warn:
      log.logger.set_level(spdlog::level::warn);
      break;
    case config::LogLevel::error:
      log.logger.set_level(spdlog::level::err);
      break;
  }
}

void debug(std::string_view sentence) { write(spdlog::level::debug, sentence); }
void info(std::string_view sentence) { write(spdlog::level::info, sentence); }
void warn(std::string_view sentence) { write(spdlog::level::warn, sentence); }
void error(std::string_view sentence) { write(spdlog::level::err, sentence); }

}  // namespace muster::log
