healer_module(app_demo_logs app/demo_logs types stages_ingest lib::fmt)
healer_module(app_demo_story app/demo_story app_cli incident types lib::fmt)
