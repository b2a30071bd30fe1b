#include "common/wire/jute.h"

#include <array>
#include <bit>
#include <cstring>

namespace muster::wire {
namespace {

static_assert(std::endian::native == std::endian::little, "the byte swaps below assume it");

std::uint32_t swapped(std::uint32_t value) { return __builtin_bswap32(value); }
std::uint64_t swapped(std::uint64_t value) { return __builtin_bswap64(value); }

template <class Integer>
char* put(char* at, Integer value) {
  const auto big_endian = swapped(static_cast<std::make_unsigned_t<Integer>>(value));
  std::memcpy(at, &big_endian, sizeof big_endian);
  return at + sizeof big_endian;
}

template <class Integer>
Integer get(const char* at) {
  std::make_unsigned_t<Integer> big_endian{};
  std::memcpy(&big_endian, at, sizeof big_endian);
  return static_cast<Integer>(swapped(big_endian));
}

constexpr std::size_t stat_size = 68;

}  // namespace

void Reader::fail() {
  failed_ = true;
  left_ = {};
}

bool Reader::take(std::size_t size, std::string_view& bytes) {
  if (left_.size() < size) {
    fail();
    return false;
  }
  bytes = left_.substr(0, size);
  left_.remove_prefix(size);
  return true;
}

void Reader::read(std::int32_t& value) {
  std::string_view bytes;
  value = take(4, bytes) ? get<std::int32_t>(bytes.data()) : 0;
}

void Reader::read(std::int64_t& value) {
  std::string_view bytes;
  value = take(8, bytes) ? get<std::int64_t>(bytes.data()) : 0;
}

void Reader::read(bool& value) {
  std::string_view bytes;
  value = take(1, bytes) && bytes[0] != '\0';
}

std::optional<std::string_view> Reader::read_bytes() {
  std::int32_t length = 0;
  read(length);
  if (failed_ || length == -1) return std::nullopt;
  std::string_view bytes;
  if (length < 0) {
    fail();
    return std::nullopt;
  }
  if (!take(static_cast<std::size_t>(length), bytes)) return std::nullopt;
  return bytes;
}

std::optional<std::size_t> Reader::read_count(std::size_t min_element_size) {
  std::int32_t count = 0;
  read(count);
  if (failed_ || count == -1) return std::nullopt;
  if (count < 0 || static_cast<std::size_t>(count) > left_.size() / min_element_size) {
    fail();
    return std::nullopt;
  }
  return static_cast<std::size_t>(count);
}

void Reader::read(std::string& text) {
  const std::optional<std::string_view> bytes = read_bytes();
  if (!bytes && refuses_null_text_) fail();
  text = bytes.value_or(std::string_view());
}

void Reader::read(std::optional<std::string>& bytes) {
  const std::optional<std::string_view> view = read_bytes();
  if (view) {
    bytes.emplace(*view);
  } else {
    bytes.reset();
  }
}

void Reader::read(Stat& stat) {
  (*this)(stat.czxid, stat.mzxid, stat.ctime, stat.mtime, stat.version, stat.cversion, stat.aversion,
          stat.ephemeral_owner, stat.data_length, stat.num_children, stat.pzxid);
}

void Writer::write(std::int32_t value) {
  std::array<char, 4> bytes;
  put(bytes.data(), value);
  out_.append(bytes.data(), bytes.size());
}

void Writer::write(std::int64_t value) {
  std::array<char, 8> bytes;
  put(bytes.data(), value);
  out_.append(bytes.data(), bytes.size());
}

void Writer::text(std::string_view bytes) {
  write(static_cast<std::int32_t>(bytes.size()));
  out_.append(bytes);
}

void Writer::write(const Stat& stat) {
  std::array<char, stat_size> bytes;
  char* at = bytes.data();
  for (const std::int64_t value : {stat.czxid.value, stat.mzxid.value, stat.ctime, stat.mtime})
    at = put(at, value);
  for (const std::int32_t value : {stat.version, stat.cversion, stat.aversion}) at = put(at, value);
  at = put(at, stat.ephemeral_owner.value);
  for (const std::int32_t value : {stat.data_length, stat.num_children}) at = put(at, value);
  put(at, stat.pzxid.value);
  out_.append(bytes.data(), bytes.size());
}

FrameWriter::~FrameWriter() { put(out.data() + start, static_cast<std::int32_t>(out.size() - start - 4)); }

}  // namespace muster::wire
