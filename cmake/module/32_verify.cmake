healer_module(stages_verify stages/verify types lib::fmt)
