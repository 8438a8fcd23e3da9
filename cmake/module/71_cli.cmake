healer_module(app_cli app/cli types lib::fmt)
