// Between the library's words and the protocol's: paths with the chroot in front, requests, and the values of answers.
#pragma once

#include <muster/client_config.h>
#include <muster/operations.h>
#include <muster/transaction.h>

#include <string>
#include <string_view>

#include "client/src/connect_string.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::client {

// False: no request may name it. The servers append a number to the name of a sequential node.
[[nodiscard]] bool may_name(std::string_view path, bool sequential = false);
[[nodiscard]] std::string full_path(const std::string& chroot, const std::string& path);
[[nodiscard]] std::string local_path(const std::string& chroot, std::string path);

// Nothing if the options contradict each other.
[[nodiscard]] std::optional<wire::CreateRequest> create_request(const std::string& chroot,
                                                                const std::string& path, std::string data,
                                                                const CreateOptions& options);
[[nodiscard]] bool is_sequential(CreateMode mode);

// The configuration's servers, or one sentence that says what is wrong with the configuration.
[[nodiscard]] Result<ConnectString> servers_of(const ClientConfig& config);

}  // namespace muster::client

namespace muster::detail {

// What may look into transactions and batches. Nothing if an operation can't be sent.
struct Requests {
  [[nodiscard]] static std::optional<wire::MultiRequest> request(const std::string& chroot,
                                                                 Transaction transaction);
  // The error is that of the operation that failed. `size`: how many were sent.
  static ErrorCode read(const std::string& chroot, std::size_t size, wire::MultiReply reply,
                        TransactionResult& result);

  [[nodiscard]] static std::optional<wire::MultiReadRequest> request(const std::string& chroot,
                                                                     const ReadBatch& batch);
  // Of reads that are not answered: each kind in its place.
  [[nodiscard]] static ReadBatchResult unanswered(const ReadBatch& batch);
  static ErrorCode read(wire::MultiReply reply, ReadBatchResult& result);
};

}  // namespace muster::detail
