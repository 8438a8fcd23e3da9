healer_module(ports_forge ports/forge types ports_exec lib::git2)
