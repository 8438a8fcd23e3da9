healer_module(serve_stream serve/stream ports_http lib::fmt)
healer_module(serve_api serve/api serve_stream incident stages_ingest ports_http ports_store types lib::boost_json lib::fmt)
