healer_module(app_fix app/fix app_cli incident stages_analyze stages_ingest stages_mine repo ports_forge types lib::fmt)
