healer_module(ports_http ports/http types lib::asio lib::zlib lib::curl)
