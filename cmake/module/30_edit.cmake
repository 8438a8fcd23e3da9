healer_module(edit edit types lib::fyaml lib::tomlplusplus)
