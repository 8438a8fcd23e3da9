healer_module(ports_store ports/store types lib::fmt lib::sqlite)
