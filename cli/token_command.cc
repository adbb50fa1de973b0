// paracle cache token new: a token that nobody has seen before, and the line that makes a server know it. Needs no
// server.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cli/commands.h"
#include "cli/flag_binding.h"
#include "cli/proto_json.h"
#include "cli/terminal.h"
#include "service/auth/token_line.h"

namespace paracle::cli {
namespace {

using service::auth::Identity;
using service::auth::Role;

struct TokenFlags {
  Identity identity;
};

ExitCode RunNewToken(Session& session, const TokenFlags& flags) {
  const absl::StatusOr<std::string> token = service::auth::NewToken(flags.identity.id);
  if (!token.ok()) return Fail(token.status());
  const std::string line = service::auth::FormatTokenLine(service::auth::HashOf(*token), flags.identity);
  // What the server would say of it is better said now: `*` beside other namespaces, say.
  if (const auto parsed = service::auth::ParseTokenLine(line); !parsed.ok()) return Fail(parsed.status());
  if (session.json()) {
    WriteData(Dump({{"token", *token}, {"line", line}}));
    return ExitCode::kOk;
  }
  WriteMessage("The token, shown this once, for its user (PARACLE_CACHE_TOKEN or --token-file);");
  WriteMessage("below it its line for the server (PARACLE_CACHE_TOKENS_FILE), which holds no secret:");
  WriteData(absl::StrCat(*token, "\n", line, "\n"));
  return ExitCode::kOk;
}

absl::StatusOr<std::string> ParseId(const std::string& text) {
  if (service::auth::IsId(text)) return text;
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not 1 to 64 of [A-Za-z0-9._-]"));
}

absl::StatusOr<Role> ParseRole(const std::string& text) {
  if (const auto role = service::auth::ParseRole(text)) return *role;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\" is none of reader, writer, invalidator, admin; give --role again for each"));
}

// "90d", "12h": from now.
absl::StatusOr<absl::Time> ParseExpiry(const std::string& text) {
  absl::Duration life;
  int64_t days = 0;
  const bool in_days = !text.empty() && text.back() == 'd' && absl::SimpleAtoi(text.substr(0, text.size() - 1), &days);
  if (in_days && days <= 36500) life = days * absl::Hours(24);
  if (!in_days && !absl::ParseDuration(text, &life)) life = absl::ZeroDuration();
  if (life > absl::ZeroDuration() && life <= absl::Hours(24 * 36500)) return absl::Now() + life;
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not a time from now such as 90d or 12h"));
}

void TakeNamespace(absl::string_view ns, Identity& identity) {
  if (ns == "*") {
    identity.all_namespaces = true;
  } else if (service::auth::IsNamespace(ns)) {
    identity.namespaces.push_back(std::string(ns));
  } else {
    throw CLI::ValidationError("--namespace",
                               absl::StrCat("\"", ns, "\" is neither * nor 1 to 128 of [A-Za-z0-9._:/-]"));
  }
}

void AddNewToken(CLI::App& token, Session& session) {
  CLI::App& command = *token.add_subcommand("new", "Make a token, and its line for the server's tokens file");
  Identity& identity = OnCommand<TokenFlags>(command, session, RunNewToken).identity;
  command.preparse_callback([&session](size_t) { session.needs_server = false; });
  AddParsed(command, "--id", "ID", "Whose it is, as the audit log calls them", ParseId, [&identity](std::string id) {
    identity.id = std::move(id);
  })->required();
  command
      .add_option_function<std::vector<std::string>>(
          "--role",
          [&identity](const std::vector<std::string>& names) {
            for (const absl::string_view name : absl::StrSplit(absl::StrJoin(names, ","), ',')) {
              const absl::StatusOr<Role> role = ParseRole(std::string(name));
              if (!role.ok()) throw CLI::ValidationError("--role", std::string(role.status().message()));
              identity.roles = identity.roles | *role;
            }
          },
          "What they may do; again for each role")
      ->type_name("reader|writer|invalidator|admin")
      ->take_all()
      ->allow_extra_args(false)
      ->required();
  command
      .add_option_function<std::vector<std::string>>(
          "--namespace",
          [&identity](const std::vector<std::string>& names) {
            for (const absl::string_view ns : absl::StrSplit(absl::StrJoin(names, ","), ','))
              TakeNamespace(ns, identity);
          },
          "What they may use, * for all; again for each")
      ->type_name("NAMESPACE")
      ->take_all()
      ->allow_extra_args(false)
      ->required();
  AddParsed(command, "--expires", "TIME", "When it ends to be good, from now: 90d, 12h (never)", ParseExpiry,
            [&identity](absl::Time expires) { identity.expires = expires; });
  command.footer(
      "Examples:\n"
      "  paracle cache token new --id agents --role writer --namespace acme --expires 90d\n"
      "  paracle cache token new --id ops --role admin,invalidator --namespace '*' --format json");
}

}  // namespace

void AddTokenCommand(CLI::App& cache, Session& session) {
  CLI::App& command = *cache.add_subcommand("token", "Make tokens that callers prove themselves with");
  command.require_subcommand(1);
  AddNewToken(command, session);
  command.footer(
      "Examples:\n"
      "  paracle cache token new --id agents --role writer --namespace acme --expires 90d\n"
      "  paracle cache token new --id ops --role admin,invalidator --namespace '*' 2>/dev/null | tail -n 1 >> tokens");
}

}  // namespace paracle::cli
