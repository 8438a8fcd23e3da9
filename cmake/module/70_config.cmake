healer_module(app_config app/config incident types lib::fmt)
