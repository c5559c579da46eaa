#pragma once
/// The commands; each gives the exit status.

#include "engine/cli/context.h"

namespace devgraph::cli {

int build_command(Context& context);
int check_command(Context& context);
int why_command(Context& context);
int log_command(Context& context);
int list_command(Context& context);
int graph_command(Context& context);
int out_command(Context& context);
int export_command(Context& context);
int image_command(Context& context);
/// `devgraph run`: a command within an image. Gives the status of that command.
int run_in_command(Context& context);
int shell_command(Context& context);
int release_command(Context& context);
int lock_command(Context& context);
int update_command(Context& context);
int freeze_command(Context& context);
int link_command(Context& context);
int pin_command(Context& context);
int unpin_command(Context& context);
int clean_command(Context& context);
int gc_command(Context& context);
int metrics_command(Context& context);
int data_command(Context& context);
int fmt_command(Context& context);
int lint_command(Context& context);
int explain_command(Context& context);
int doctor_command(Context& context);
int completion_command(Context& context);
int init_command(Context& context);

/// `devgraph __complete SHELL …`: what the completion scripts call.
int complete_command(Files& files, Console& console, const std::vector<std::string>& arguments);

/// Calls the command that the options name.
int run_command(Context& context);

}  // namespace devgraph::cli
