#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace paracle::cli {
namespace {

struct Flag {
  std::vector<std::string> names;  // With their dashes.
  std::string description;
  bool takes_value = false;
  bool takes_file = false;
  std::vector<std::string> choices;  // Of the value, when they are few.
};

// One command, named by its path: "" is the program, " cache stats" a command of it. Flags of a parent are listed
// again with each child, as the parser accepts them there.
struct Command {
  std::string path;
  std::vector<std::pair<std::string, std::string>> subcommands;  // Name, description.
  std::vector<std::string> words;                                // Positional choices.
  std::vector<Flag> flags;
};

// "text|json" stands for its alternatives.
std::vector<std::string> ChoicesOf(const std::string& type) {
  if (type.find('|') == std::string::npos) return {};
  return absl::StrSplit(type, '|');
}

Flag ReadFlag(const CLI::Option& option) {
  Flag flag;
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  flag.description = absl::StrReplaceAll(option.get_description(), {{"\n", " "}});
  flag.takes_value = option.get_items_expected_min() > 0;
  flag.takes_file = option.get_type_name() == "FILE";
  flag.choices = ChoicesOf(option.get_type_name());
  return flag;
}

void ReadTree(const CLI::App& app, const std::string& path, const std::vector<Flag>& inherited,
              std::vector<Command>& commands) {
  Command command;
  command.path = path;
  command.flags = inherited;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      const bool is_help = option == app.get_help_ptr() && !inherited.empty();  // Each command has its own.
      if (!is_help) command.flags.push_back(ReadFlag(*option));
    } else {
      command.words = ChoicesOf(option->get_type_name());
    }
  }
  const std::vector<const CLI::App*> children = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* child : children) command.subcommands.emplace_back(child->get_name(), child->get_description());
  commands.push_back(command);
  for (const CLI::App* child : children) {
    ReadTree(*child, absl::StrCat(path, " ", child->get_name()), command.flags, commands);
  }
}

std::vector<std::string> WordsOf(const Command& command) {
  std::vector<std::string> words = command.words;
  for (const auto& [name, description] : command.subcommands) words.push_back(name);
  for (const Flag& flag : command.flags) words.insert(words.end(), flag.names.begin(), flag.names.end());
  return words;
}

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", text, "\""); }

// `case` patterns of every command but the program itself.
std::string PathPatterns(const std::vector<Command>& commands) {
  std::vector<std::string> paths;
  for (const Command& command : commands) {
    if (!command.path.empty()) paths.push_back(Quoted(command.path));
  }
  return absl::StrJoin(paths, "|");
}

// How one shell offers words and files; the rest of a script is the same for bash and zsh.
struct Offers {
  const char* words;  // WORDS stands for the words.
  const char* files;
};

std::string Offer(const Offers& offers, const std::vector<std::string>& words) {
  return absl::StrReplaceAll(offers.words, {{"WORDS", absl::StrJoin(words, " ")}});
}

// What follows a flag that takes a value, as branches of a `case` on the word before.
std::string ValueBranches(const std::vector<Command>& commands, const Offers& offers) {
  std::map<std::string, std::string> names_by_action;
  for (const Command& command : commands) {
    for (const Flag& flag : command.flags) {
      if (!flag.takes_value) continue;
      std::string action = flag.takes_file ? offers.files : ":";
      if (!flag.choices.empty()) action = Offer(offers, flag.choices);
      std::string& names = names_by_action[action];
      for (const std::string& name : flag.names) {
        const std::vector<absl::string_view> known = absl::StrSplit(names, '|');
        if (std::find(known.begin(), known.end(), name) != known.end()) continue;
        absl::StrAppend(&names, names.empty() ? "" : "|", name);
      }
    }
  }
  std::string branches;
  for (const auto& [action, names] : names_by_action) {
    absl::StrAppend(&branches, "    ", names, ") ", action, "; return ;;\n");
  }
  return branches;
}

std::string WordBranches(const std::vector<Command>& commands, const Offers& offers) {
  std::string branches;
  for (const Command& command : commands) {
    absl::StrAppend(&branches, "    ", Quoted(command.path), ") ", Offer(offers, WordsOf(command)), " ;;\n");
  }
  return branches;
}

std::string BashScript(const std::string& program, const std::vector<Command>& commands) {
  const Offers offers = {"COMPREPLY=($(compgen -W \"WORDS\" -- \"$cur\"))", "COMPREPLY=($(compgen -f -- \"$cur\"))"};
  return absl::StrCat("# bash completion; load it with: source <(", program, " cache completion bash)\n_", program,
                      "() {\n"
                      "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" command='' word\n"
                      "  COMPREPLY=()\n"
                      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
                      "    case \"$command $word\" in ",
                      PathPatterns(commands),
                      ") command=\"$command $word\" ;; esac\n"
                      "  done\n"
                      "  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n",
                      ValueBranches(commands, offers), "  esac\n  case \"$command\" in\n",
                      WordBranches(commands, offers), "  esac\n}\ncomplete -o filenames -F _", program, " ", program,
                      "\n");
}

std::string ZshScript(const std::string& program, const std::vector<Command>& commands) {
  const Offers offers = {"compadd -- WORDS", "_files"};
  return absl::StrCat("#compdef ", program, "\n# zsh completion; load it with: source <(", program,
                      " cache completion zsh)\n_", program,
                      "() {\n"
                      "  local command='' word\n"
                      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
                      "    case \"$command $word\" in (",
                      PathPatterns(commands),
                      ") command=\"$command $word\" ;; esac\n"
                      "  done\n"
                      "  case \"${words[CURRENT-1]}\" in\n",
                      ValueBranches(commands, offers), "  esac\n  case \"$command\" in\n",
                      WordBranches(commands, offers), "  esac\n}\ncompdef _", program, " ", program, "\n");
}

std::string FishQuoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

std::string FishFlag(const Flag& flag) {
  std::string line;
  for (const std::string& name : flag.names) {
    const bool is_long = name.size() > 2;
    absl::StrAppend(&line, is_long ? " -l " : " -s ", absl::string_view(name).substr(is_long ? 2 : 1));
  }
  if (flag.takes_value) absl::StrAppend(&line, flag.takes_file ? " -r -F" : " -x");
  if (!flag.choices.empty()) absl::StrAppend(&line, " -a ", FishQuoted(absl::StrJoin(flag.choices, " ")));
  return absl::StrCat(line, " -d ", FishQuoted(flag.description));
}

std::string FishScript(const std::string& program, const std::vector<Command>& commands) {
  std::string script = absl::StrCat(
      "# fish completion; load it with: ", program, " cache completion fish | source\n", "function __", program,
      "_at\n  set -l command ''\n  for word in (commandline -opc)[2..]\n"
      "    if contains -- \"$command $word\" ",
      absl::StrReplaceAll(PathPatterns(commands), {{"|", " "}}),
      "\n      set command \"$command $word\"\n    end\n  end\n  test \"$command\" = \"$argv[1]\"\nend\n"
      "complete -c ",
      program, " -f\n");
  for (const Command& command : commands) {
    const std::string start = absl::StrCat("complete -c ", program, " -n ",
                                           FishQuoted(absl::StrCat("__", program, "_at \"", command.path, "\"")));
    for (const auto& [name, description] : command.subcommands) {
      absl::StrAppend(&script, start, " -a ", name, " -d ", FishQuoted(description), "\n");
    }
    for (const std::string& word : command.words) absl::StrAppend(&script, start, " -a ", word, "\n");
    for (const Flag& flag : command.flags) absl::StrAppend(&script, start, FishFlag(flag), "\n");
  }
  return script;
}

}  // namespace

const std::vector<std::string>& CompletionShells() {
  static const auto& shells = *new std::vector<std::string>{"bash", "zsh", "fish"};
  return shells;
}

absl::StatusOr<std::string> CompletionScript(const CLI::App& root, absl::string_view shell) {
  std::vector<Command> commands;
  ReadTree(root, "", {}, commands);
  if (shell == "bash") return BashScript(root.get_name(), commands);
  if (shell == "zsh") return ZshScript(root.get_name(), commands);
  if (shell == "fish") return FishScript(root.get_name(), commands);
  return absl::InvalidArgumentError(
      absl::StrCat("\"", shell, "\" is not a shell known here; write ", absl::StrJoin(CompletionShells(), ", ")));
}

}  // namespace paracle::cli
