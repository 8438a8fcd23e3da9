healer_module(app_pipeline app/pipeline types base)
