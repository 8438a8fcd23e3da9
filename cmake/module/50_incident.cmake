healer_module(incident incident types lib::fmt)
