healer_module(base base lib::fmt lib::spdlog lib::xxhash lib::crypto)
