#include "server/tree/node_block.h"

#include "common/check.h"

namespace muster::tree {

NodeBlock::NodeBlock(std::string_view name, std::optional<std::string_view> data) {
  CHECK(name.size() < null_size && (!data || data->size() < null_size), "name and data came in one frame");
  Header sizes;
  sizes.name_size = static_cast<std::uint32_t>(name.size());
  if (data) sizes.data_size = static_cast<std::uint32_t>(data->size());
  const std::size_t at = name_at(sizes);
  allocate(at + name.size() + data_bytes(sizes));
  std::memcpy(bytes_.get(), &sizes, sizeof sizes);
  if (at > sizeof sizes) {
    const std::uint64_t hash = hash_bytes(*data);
    std::memcpy(bytes_.get() + sizeof sizes, &hash, sizeof hash);
  }
  if (!name.empty()) std::memcpy(bytes_.get() + at, name.data(), name.size());
  if (data && !data->empty()) std::memcpy(bytes_.get() + at + name.size(), data->data(), data->size());
}

NodeBlock::NodeBlock(const NodeBlock& other) {
  if (!other.bytes_) return;
  const Header sizes = other.header();
  const std::size_t size = name_at(sizes) + sizes.name_size + data_bytes(sizes);
  allocate(size);
  std::memcpy(bytes_.get(), other.bytes_.get(), size);
}

std::uint64_t NodeBlock::data_hash() const {
  const Header sizes = header();
  if (sizes.data_size == null_size) return 0;
  if (name_at(sizes) == sizeof(Header)) return hash_bytes(data());
  std::uint64_t hash = 0;
  std::memcpy(&hash, bytes_.get() + sizeof(Header), sizeof hash);
  return hash;
}

}  // namespace muster::tree
