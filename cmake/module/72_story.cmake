healer_module(app_demo_logs app/demo_logs types stages_ingest lib::fmt)
healer_module(app_story app/story app_cli incident types lib::fmt)
