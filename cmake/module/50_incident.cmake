healer_module(incident incident stages_decide stages_fix stages_review stages_verify repo edit engine ports_store ports_forge ports_exec ports_llm ports_agent ports_orchestrator types lib::fmt)
