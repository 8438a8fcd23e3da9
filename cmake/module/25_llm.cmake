healer_module(ports_llm ports/llm ports_http types lib::fmt)
