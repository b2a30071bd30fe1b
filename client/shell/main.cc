// muster: the command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>

#include "client/bench/command.h"
#include "client/shell/backup.h"
#include "client/shell/commands.h"
#include "client/shell/interrupt.h"
#include "client/shell/status.h"
#include "server/data/data.h"

namespace {

using namespace muster::shell;

// Everything that the words of the command line can fill in.
struct Words {
  std::string servers = muster::ClientConfig{}.servers;
  Create create;
  Get get;
  Set set;
  List list;
  std::string stat_path;
  Delete remove;
  WatchFor watch;
  std::string directory;
  bool with_data = false;
  Backup backup;
  Restore restore;
};

using Work = std::function<void(const muster::BlockingClient&)>;

// "-" stands for standard input.
std::string data_of(const std::string& word) {
  if (word != "-") return word;
  return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

void with_client(const std::string& servers, const Work& work) { work(open(servers)); }

void until_interrupted(const std::string& servers, const Work& work) {
  std::optional<muster::BlockingClient> client;  // outlives what may close it
  Interrupt interrupt;
  client = open(servers);
  interrupt.closes(*client);
  work(*client);
}

void add_create(CLI::App& app, Words& words) {
  CLI::App* command = app.add_subcommand("create", "Create a node and print its path");
  command->add_flag("-e,--ephemeral", words.create.ephemeral, "Delete it when this command ends (Ctrl-C)");
  command->add_flag("-s,--sequential", words.create.sequential, "Append a number to its name");
  command->add_flag("--parents", words.create.parents, "Create missing nodes above it too");
  command->add_option("PATH", words.create.path)->required();
  command->add_option("DATA", words.create.data, "'-' reads standard input");
  command->callback([&words] {
    words.create.data = data_of(words.create.data);
    const Work work = [&words](const muster::BlockingClient& client) { create(client, words.create); };
    if (!words.create.ephemeral) return with_client(words.servers, work);
    until_interrupted(words.servers,
                      [&](const muster::BlockingClient& client) { work(client), hold(client); });
  });
}

void add_reads(CLI::App& app, Words& words) {
  CLI::App* command = app.add_subcommand("get", "Print a node's data");
  command->add_flag("--stat", words.get.stat, "Then what is known of it");
  command->add_option("PATH", words.get.path)->required();
  command->callback([&words] {
    with_client(words.servers, [&](const muster::BlockingClient& client) { get(client, words.get); });
  });

  command = app.add_subcommand("ls", "List a node's children");
  command->add_flag("-R,--recursive", words.list.recursive, "The paths of all nodes from there down");
  command->add_option("PATH", words.list.path)->capture_default_str();
  command->callback([&words] {
    with_client(words.servers, [&](const muster::BlockingClient& client) { list(client, words.list); });
  });

  command = app.add_subcommand("stat", "Print what is known of a node besides its data");
  command->add_option("PATH", words.stat_path)->required();
  command->callback([&words] {
    with_client(words.servers, [&](const muster::BlockingClient& client) { stat(client, words.stat_path); });
  });
}

void add_changes(CLI::App& app, Words& words) {
  CLI::App* command = app.add_subcommand("set", "Replace a node's data");
  command->add_option("-v,--version", words.set.version, "Only if this is its version");
  command->add_option("PATH", words.set.path)->required();
  command->add_option("DATA", words.set.data, "'-' reads standard input")->required();
  command->callback([&words] {
    words.set.data = data_of(words.set.data);
    with_client(words.servers, [&](const muster::BlockingClient& client) { set(client, words.set); });
  });

  command = app.add_subcommand("delete", "Delete a node");
  command->add_option("-v,--version", words.remove.version, "Only if this is its version");
  command->add_flag("-r,--recursive", words.remove.recursive, "With all below it, one after the other");
  command->add_option("PATH", words.remove.path)->required();
  command->callback([&words] {
    with_client(words.servers, [&](const muster::BlockingClient& client) { remove(client, words.remove); });
  });
}

void add_watch_and_status(CLI::App& app, Words& words) {
  CLI::App* command = app.add_subcommand("watch", "Print a line for each change of a node, until Ctrl-C");
  command->add_flag("-r,--recursive", words.watch.recursive, "And of all nodes below it");
  command->add_option("PATH", words.watch.path)->required();
  command->callback([&words] {
    until_interrupted(words.servers,
                      [&](const muster::BlockingClient& client) { watch(client, words.watch); });
  });

  command =
      app.add_subcommand("status", "Print a line for each server: address, role, last zxid, connections");
  command->callback([&words] { status(words.servers); });
}

void add_data(CLI::App& app, Words& words) {
  CLI::App* data = app.add_subcommand("data", "Look into the data directory of a server that does not run");
  data->require_subcommand(1);
  CLI::App* command =
      data->add_subcommand("verify", "Read all of it; exit status 1 and a sentence if something is wrong");
  command->add_option("DIRECTORY", words.directory)->required();
  command->callback([&words] { std::cout << muster::data::verify(words.directory); });
  command = data->add_subcommand(
      "dump", "Print the checkpoint and the log, a line for each session, znode and entry");
  command->add_flag("--values", words.with_data, "Print data, not only its length");
  command->add_option("DIRECTORY", words.directory)->required();
  command->callback([&words] {
    muster::data::dump(words.directory, words.with_data,
                       [](const std::string& line) { std::cout << line << '\n'; });
  });
}

void add_backup(CLI::App& app, Words& words) {
  CLI::App* command = app.add_subcommand(
      "backup", "Write the whole state at one moment, with all that was acknowledged before, to a file");
  command->add_option("--auth", words.backup.login, "USER:PASSWORD of the servers' super user")
      ->envname("MUSTER_AUTH");
  command->add_flag("--verify", words.backup.verify, "Only read the file and print what is in it");
  command->add_option("FILE", words.backup.file)->required();
  command->callback([&words] { backup(words.servers, words.backup); });

  command = app.add_subcommand(
      "restore",
      "Put a backup's state back: into the data directory of one server of a new ensemble (--config, "
      "--name), or below a path of the ensemble that runs (--path)");
  Restore& restore = words.restore;
  CLI::Option* config =
      command->add_option("--config", restore.config,
                          "The server's configuration: who it is, who the others are, where its data lies");
  CLI::Option* name = command->add_option(
      "--name", restore.name, "A name for the new ensemble: the same for all its servers, and no other's");
  CLI::Option* path =
      command->add_option("--path", restore.path,
                          "This znode and all below it become what the backup has there, in one operation");
  command->add_option("--auth", restore.login, "With --path: USER:PASSWORD of the servers' super user")
      ->envname("MUSTER_AUTH");
  command
      ->add_flag("--in-parts", restore.in_parts,
                 "With --path: in several operations, where one would be too large")
      ->needs(path);
  command
      ->add_option("--max-frame-bytes", restore.max_frame_bytes,
                   "With --path: limits.max_frame_bytes of the servers")
      ->capture_default_str()
      ->needs(path);
  config->needs(name)->excludes(path);
  name->needs(config);
  command->add_flag("--dry-run", restore.dry_run, "Only check everything, and print what would be done");
  command->add_option("FILE", restore.file)->required();
  command->callback([&words, config, path] {
    if (*config) return restore_server(words.restore);
    if (!*path) throw muster::shell::Complaint("say where to: --config and --name, or --path");
    restore_running(words.servers, words.restore);
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Reads and changes the tree of a Muster or ZooKeeper ensemble.", "muster");
  Words words;
  app.add_option("-s,--servers", words.servers, "HOST[:PORT],…[/CHROOT]")
      ->capture_default_str()
      ->envname("MUSTER_CONNECT");
  app.require_subcommand(1);
  add_create(app, words);
  add_reads(app, words);
  add_changes(app, words);
  add_watch_and_status(app, words);
  add_data(app, words);
  add_backup(app, words);
  muster::bench::add_command(app, words.servers);
  app.add_subcommand("help", "Print this")->callback([&app] {
    std::cout << app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
  });
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "muster: %s; see 'muster help'\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "muster: %s\n", error.what());
  }
  return 1;
}
