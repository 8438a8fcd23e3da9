#include <string>
#include <vector>

#include "app/commands/commands.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return healer::run_cli(
      {healer::fix_command(), healer::serve_command(), healer::incidents_command(),
       healer::tail_command(), healer::demo_command(), healer::analyze_command(),
       healer::train_command(), healer::eval_command(), healer::mine_command(),
       healer::doctor_command(), healer::config_command(), healer::version_command()},
      arguments);
}
