healer_module(stages_ingest stages/ingest types lib::simdjson lib::boost_json lib::fmt)
healer_module(stages_mine stages/mine stages_ingest types lib::fmt)
healer_module(sources_tail sources/tail stages_ingest types lib::fmt)
