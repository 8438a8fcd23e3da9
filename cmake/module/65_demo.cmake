healer_module(app_demo app/demo types ports_exec lib::fmt)
