healer_module(stages_analyze stages/analyze types ports_match)
