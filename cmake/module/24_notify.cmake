healer_module(ports_notify ports/notify ports_http types lib::fmt)
