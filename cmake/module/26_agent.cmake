healer_module(ports_agent ports/agent ports_exec types lib::fmt)
