#pragma once
// The socket side of the server. Included only by this folder's two Beast files.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>

#include "ports/http/server.h"

namespace healer {

using UpgradeRequest = boost::beast::http::request<boost::beast::http::string_body>;

// Takes the connection over and answers the upgrade; each message the client sends is ignored but
// read.
std::shared_ptr<StreamSink> start_websocket(boost::beast::tcp_stream stream,
                                            UpgradeRequest request);

inline constexpr std::size_t kStreamQueueBytesMax = 1024 * 1024;  // unsent, per client

}  // namespace healer
