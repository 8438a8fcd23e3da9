healer_module(types types base lib::boost_json lib::fyaml)
