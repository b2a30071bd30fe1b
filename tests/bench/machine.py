"""Where and from what something was measured, in lines for people; no names of machines, no paths."""

import datetime
import os
import platform
import re
import subprocess

from interop.cluster import ROOT


def date():
    return datetime.date.today().isoformat()


def commit():
    """The commit, and whether anything else than the results was changed since."""
    def git(*arguments):
        return subprocess.run(["git", "-C", ROOT, *arguments], check=True, capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--", ".", ":!tests/bench/RESULTS.md", ":!tests/bench/SCALE.md")
    return git("rev-parse", "--short=10", "HEAD") + (" with changes" if changed else "")


def _first(pattern, path):
    with open(path) as file:
        found = re.search(pattern, file.read(), re.MULTILINE)
    return found.group(1).strip() if found else "unknown"


def compiler():
    return subprocess.run(["c++", "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]


def packages(*names):
    """'name version' of each of these Debian packages that is installed."""
    return subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *names], capture_output=True,
                          text=True).stdout.splitlines()


def file_system(folder):
    return subprocess.run(["df", "--output=fstype", folder], check=True, capture_output=True, text=True).stdout.split()[-1]


def provenance(command, folder, seconds):
    """When, of what, with which command and where, as the head of a file of results."""
    return [f"- {date()}, commit {commit()}, `{command}`, {seconds / 60:.0f} minutes", *(f"- {line}" for line in describe(folder))]


def describe(folder):
    processor = _first(r"^model name\s*:(.*)$", "/proc/cpuinfo")
    memory = int(_first(r"^MemTotal:\s+(\d+)", "/proc/meminfo")) / 2**20
    return [f"{os.cpu_count()} × {processor}, {memory:.0f} GiB of memory, "
            f"Linux {platform.release()}, data on {file_system(folder)}",
            f"{compiler()}; {', '.join(packages('zookeeper', 'openjdk-17-jre-headless'))}",
            f"load when it ended: {os.getloadavg()[0]:.1f} (others may have worked on the machine)"]
