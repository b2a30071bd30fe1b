#include "client/bench/prepared.h"

namespace muster::bench {
namespace {

constexpr std::size_t xid_at = 4;  // behind the frame's length

std::vector<std::size_t> marks_in(std::string_view bytes) {
  std::vector<std::size_t> marks;
  for (std::size_t at = bytes.find(Prepared::mark); at != std::string_view::npos;
       at = bytes.find(Prepared::mark, at + Prepared::mark.size()))
    marks.push_back(at);
  return marks;
}

void put_number(char* at, std::uint64_t number) {
  for (std::size_t i = Prepared::mark.size(); i-- > 0; number /= 10)
    at[i] = static_cast<char>('0' + number % 10);
}

void put_xid(char* at, Xid xid) {
  const auto value = static_cast<std::uint32_t>(xid.value);
  for (int i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (24 - 8 * i));
}

}  // namespace

Prepared::Prepared(const wire::Request& request)
    : frame_(wire::encode_request(Xid{0}, request)), marks_(marks_in(frame_)) {}

void Prepared::append(std::string& out, Xid xid, std::uint64_t number) const {
  const std::size_t start = out.size();
  out += frame_;
  put_xid(out.data() + start + xid_at, xid);
  for (const std::size_t at : marks_) put_number(out.data() + start + at, number);
}

std::string fill(std::string path, std::uint64_t number) {
  for (const std::size_t mark : marks_in(path)) put_number(path.data() + mark, number);
  return path;
}

}  // namespace muster::bench
