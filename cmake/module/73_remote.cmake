healer_module(app_remote app/remote serve_api ports_http types lib::fmt)
