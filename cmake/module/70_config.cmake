healer_module(app_config app/config types lib::fmt)
