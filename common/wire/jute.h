// Jute, the encoding of ZooKeeper's protocol: big-endian numbers, strings and vectors behind an int32 length,
// -1 for null. A record's fields are named once, in a `fields` function that takes a Reader or a Writer; see
// Like.
#pragma once

#include <muster/acl.h>
#include <muster/ids.h>
#include <muster/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/wire/opcodes.h"

namespace muster::wire {

// Reads values from bytes that anyone may have made. The first value that is not there makes it fail for
// good: every later read gives zero or empty, so that a decoder asks ok() once, at its end. Allocates at most
// a small multiple of the bytes it reads.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] std::string_view left() const { return left_; }
  void fail();
  // From here on a null string is a failure; else it reads as empty.
  void refuse_null_text() { refuses_null_text_ = true; }

  // fields(a, b, …): one after the other.
  template <class... Values>
  void operator()(Values&... values) {
    (read(values), ...);
  }

 private:
  void read(std::int32_t& value);
  void read(std::int64_t& value);
  void read(bool& value);
  template <class Tag, class Rep>
  void read(Id<Tag, Rep>& id) {
    read(id.value);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void read(Enum& value) {
    std::underlying_type_t<Enum> number{};
    read(number);
    value = static_cast<Enum>(number);
  }
  void read(std::string& text);
  void read(std::optional<std::string>& bytes);
  void read(AuthId& id) { (*this)(id.scheme, id.id); }
  void read(Acl& acl) { (*this)(acl.perms, acl.who); }
  void read(Stat& stat);
  template <class Element>
  void read(std::optional<std::vector<Element>>& vector) {
    const std::optional<std::size_t> count = read_count(min_size(static_cast<const Element*>(nullptr)));
    if (!count) return vector.reset();
    vector.emplace().resize(*count);
    for (Element& element : *vector) read(element);
  }
  // Null is a failure: the protocol has none here.
  template <class Element>
  void read(std::vector<Element>& vector) {
    std::optional<std::vector<Element>> nullable;
    read(nullable);
    if (nullable) return vector.swap(*nullable);
    fail();
  }

  static constexpr std::size_t min_size(const std::string*) { return 4; }
  static constexpr std::size_t min_size(const AuthId*) { return 8; }
  static constexpr std::size_t min_size(const Acl*) { return 12; }

  std::optional<std::string_view> read_bytes();  // nothing: null or failed
  // Nothing: null, or more elements than the bytes left can hold (failed).
  std::optional<std::size_t> read_count(std::size_t min_element_size);
  bool take(std::size_t size, std::string_view& bytes);

  std::string_view left_;
  bool failed_ = false;
  bool refuses_null_text_ = false;
};

// Appends values to `out`, and allocates nothing else.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class... Values>
  void operator()(const Values&... values) {
    (write(values), ...);
  }
  void text(std::string_view bytes);

 private:
  void write(std::int32_t value);
  void write(std::int64_t value);
  void write(bool value) { out_.push_back(value ? '\1' : '\0'); }
  template <class Tag, class Rep>
  void write(Id<Tag, Rep> id) {
    write(id.value);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void write(Enum value) { write(static_cast<std::underlying_type_t<Enum>>(value)); }
  void write(const std::string& bytes) { text(bytes); }
  void write(const std::optional<std::string>& bytes) {
    if (!bytes) return write(std::int32_t{-1});
    text(*bytes);
  }
  void write(const AuthId& id) { (*this)(id.scheme, id.id); }
  void write(const Acl& acl) { (*this)(acl.perms, acl.who); }
  void write(const Stat& stat);
  template <class Element>
  void write(const std::vector<Element>& vector) {
    write(static_cast<std::int32_t>(vector.size()));
    for (const Element& element : vector) write(element);
  }
  template <class Element>
  void write(const std::optional<std::vector<Element>>& vector) {
    if (!vector) return write(std::int32_t{-1});
    write(*vector);
  }

  std::string& out_;
};

// The record as an archive sees it: a Reader changes it, a Writer does not.
template <class Archive, class Record>
using Like = std::conditional_t<std::is_same_v<Archive, Reader>, Record, const Record>;

// What precedes each operation or result of a multi, and with `done` ends it.
struct MultiHeader {
  OpCode type = OpCode::error;
  bool done = true;
  std::int32_t error = -1;
};
template <class Archive>
void fields(Archive& archive, Like<Archive, MultiHeader>& r) {
  archive(r.type, r.done, r.error);
}

// A frame under construction: its length is filled in when it is complete.
struct FrameWriter {
  explicit FrameWriter(std::string& to) : out(to), start(to.size()), write(to) { write(std::int32_t{0}); }
  ~FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  std::string& out;
  const std::size_t start;
  Writer write;
};

}  // namespace muster::wire
