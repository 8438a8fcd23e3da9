healer_module(repo repo edit types lib::fmt)
