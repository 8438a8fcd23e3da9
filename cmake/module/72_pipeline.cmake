healer_module(app_pipeline app/pipeline incident stages_ingest stages_mine stages_analyze sources_tail engine ports_store types base)
