healer_module(ports_exec ports/exec base lib::seccomp)
