healer_module(incident incident stages_decide stages_fix stages_review stages_verify repo edit engine ports_store ports_forge ports_exec types lib::fmt)
