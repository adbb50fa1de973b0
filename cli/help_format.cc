#include "cli/help_format.h"

#include "absl/strings/str_cat.h"

namespace paracle::cli {
namespace {

constexpr size_t kFlagColumn = 32;

bool IsListed(const CLI::Option* option) { return option->nonpositional() && !option->get_group().empty(); }

// `token new --namespace` means another one than the rest does.
bool HasItsOwn(const CLI::App* app, const CLI::Option* option) {
  return app->get_option_no_throw(option->get_name()) != nullptr;
}

// "paracle cache stats".
std::string PathOf(const CLI::App* app) {
  return app->get_parent() == nullptr ? app->get_name() : absl::StrCat(PathOf(app->get_parent()), " ", app->get_name());
}

}  // namespace

HelpFormat::HelpFormat() {
  column_width(kFlagColumn);
  label("Positionals", "Arguments");
}

std::string HelpFormat::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const {
  std::string help = absl::StrCat(app->get_description(), "\n\n", make_usage(app, name), make_positionals(app));
  help += make_subcommands(app, mode);
  help += make_group("Options", false, app->get_options(IsListed));
  if (app->get_parent() != nullptr) {
    const CLI::App* root = app;
    while (root->get_parent() != nullptr) root = root->get_parent();
    help += make_group("Options of every command", false, root->get_options([app, root](const CLI::Option* option) {
      return IsListed(option) && option != root->get_help_ptr() && option->get_name() != "--version" &&
             (app == root || !HasItsOwn(app, option));
    }));
  }
  return absl::StrCat(help, "\n", make_footer(app));
}

std::string HelpFormat::make_usage(const CLI::App* app, std::string) const {
  std::string usage = absl::StrCat("Usage: ", PathOf(app));
  for (const CLI::Option* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    absl::StrAppend(&usage, " ", option->get_type_name());
  }
  const bool has_subcommands = !app->get_subcommands([](const CLI::App*) { return true; }).empty();
  return absl::StrCat(usage, has_subcommands ? " COMMAND" : "", " [OPTIONS]\n");
}

std::string HelpFormat::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0 || option->get_type_name().empty()) return "";
  if (option->get_items_expected_min() == 0) return absl::StrCat("[=", option->get_type_name(), "]");
  return absl::StrCat(" ", option->get_type_name());
}

}  // namespace paracle::cli
