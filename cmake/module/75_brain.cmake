find_library(liblinear NAMES linear REQUIRED)
find_path(liblinear_include NAMES linear.h REQUIRED)
healer_module(app_brain app/brain app_server stages_analyze types lib::fmt ${liblinear})
target_include_directories(app_brain SYSTEM PRIVATE ${liblinear_include})
