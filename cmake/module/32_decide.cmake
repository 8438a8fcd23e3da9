healer_module(stages_decide stages/decide types lib::fmt)
