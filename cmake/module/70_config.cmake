healer_module(app_config app/config incident ports_agent types lib::fmt)
