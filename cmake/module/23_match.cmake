healer_module(ports_match ports/match base lib::hyperscan lib::re2)
