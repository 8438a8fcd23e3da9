healer_module(app_notify app/notify app_config incident ports_notify ports_http ports_store types lib::fmt)
