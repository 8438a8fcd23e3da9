healer_module(stages_review stages/review types edit lib::fmt lib::re2)
