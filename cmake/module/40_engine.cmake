healer_module(engine engine base ports_store lib::fmt)
