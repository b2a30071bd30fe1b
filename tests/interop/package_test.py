"""The Debian package, made of this build's programs: what is in it, what its scripts do (in a root of its own), and that a server
from it starts with the configuration that it brings, as a user who may do nothing else."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest

from interop.cluster import BUILD, Ports, eventually, program

CONFIGURATION = "etc/muster/server.yaml"
UNIT = "usr/lib/systemd/system/muster.service"
FILES = {CONFIGURATION, UNIT, "usr/bin/muster", "usr/bin/musterd", "usr/lib/sysusers.d/muster.conf",
         "usr/share/doc/muster/README.md", "usr/share/doc/muster/server.yaml"}
WAIT = 60


def run(*command, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, text=True, timeout=WAIT, **options)
    if result.returncode != 0:
        raise AssertionError(f"{command} failed with {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def as_nobody(*command):
    """The command of a user without rights: nobody, if this is root's test."""
    who = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return [*who, *map(str, command)]


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="muster-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.dir.chmod(0o755)
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", cls.dir / "cpack")
        (cls.package,) = (cls.dir / "cpack").glob("*.deb")
        cls.tree = cls.dir / "tree"
        run("dpkg-deb", "-x", cls.package, cls.tree)
        run("dpkg-deb", "-e", cls.package, cls.dir / "control")

    def unpacked(self):
        return {str(path.relative_to(self.tree)) for path in self.tree.rglob("*") if not path.is_dir()}

    def test_files(self):
        self.assertEqual(self.unpacked(), FILES)
        for path in self.tree.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            wanted = 0o755 if path.is_dir() or path.parent.name == "bin" else 0o644
            self.assertEqual(oct(mode), oct(wanted), path)
        for line in run("dpkg-deb", "-c", self.package).splitlines():
            self.assertIn(" root/root ", line)

    def test_control(self):
        fields = dict(re.findall(r"^(\S+): (.*)$", run("dpkg-deb", "-f", self.package), re.MULTILINE))
        self.assertEqual(fields["Package"], "muster")
        self.assertEqual(fields["Version"].split("-")[0], run(program("musterd"), "--version").split()[1])
        self.assertEqual(fields["Architecture"], run("dpkg", "--print-architecture").strip())
        for library in ("libc6", "libprotobuf", "libssl3", "libyaml-cpp", "systemd-standalone-sysusers"):
            self.assertIn(library, fields["Depends"])
        self.assertEqual((self.dir / "control" / "conffiles").read_text().split(), ["/" + CONFIGURATION])
        for script in ("postinst", "prerm", "postrm"):
            run("sh", "-n", self.dir / "control" / script)
            self.assertTrue(os.access(self.dir / "control" / script, os.X_OK), script)

    def test_unit(self):
        unit = (self.tree / UNIT).read_text()
        start = re.search(r"^ExecStart=(\S+) --config (\S+)$", unit, re.MULTILINE)
        self.assertEqual(start.groups(), ("/usr/bin/musterd", "/" + CONFIGURATION))
        if not shutil.which("systemd-analyze"):
            self.skipTest("no systemd-analyze here")
        moved = self.dir / "muster.service"
        moved.write_text(unit.replace("ExecStart=/", f"ExecStart={self.tree}/"))
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", moved, stderr=subprocess.STDOUT), "")
        run("systemd-analyze", "security", "--offline=true", "--threshold=30", moved)

    def test_serves_as_a_user_without_rights(self):
        run(self.tree / "usr/bin/musterd", "--check", self.tree / CONFIGURATION)
        with self.running() as (process, client):
            self.assertEqual(client("create", "/installed", "yes").strip(), "/installed")
            self.assertEqual(client("get", "/installed").strip(), "yes")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(WAIT), 0)

    @contextlib.contextmanager
    def running(self):
        """A server with the configuration as it comes, but for its place on this machine; and muster, to talk to it."""
        home = pathlib.Path(tempfile.mkdtemp(dir=self.dir))
        home.chmod(0o777)
        address = f"127.0.0.1:{Ports().take()}"
        environment = {**os.environ, "MUSTER_CLIENT_ADDRESS": address, "MUSTER_DATA_DIR": str(home / "data")}
        command = as_nobody(self.tree / "usr/bin/musterd", "--config", self.tree / CONFIGURATION)
        with open(home / "log", "wb") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=environment)

        def client(*arguments):
            return run(*as_nobody(self.tree / "usr/bin/muster", "-s", address, *arguments), cwd="/")

        def serves():
            self.assertIsNone(process.poll(), (home / "log").read_text())
            with contextlib.suppress(AssertionError):
                return "standalone" in client("status")

        try:
            eventually(serves, "the packaged server serves")
            yield process, client
        finally:
            process.kill()
            process.wait(WAIT)

    @unittest.skipIf(os.geteuid() != 0, "only root installs packages")
    def test_install_upgrade_remove_purge(self):
        """In a root of its own, as for the image of another machine. An edited configuration is the administrator's."""
        root = self.dir / "root"
        for directory in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "usr/bin"):
            (root / directory).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        dpkg = ["dpkg", f"--root={root}", "--force-depends", "--force-script-chrootless", f"--log={self.dir}/dpkg.log"]
        configuration = root / CONFIGURATION

        run(*dpkg, "-i", self.package)
        self.assertIn("\nmuster:", "\n" + (root / "etc/passwd").read_text())
        self.assertTrue((root / "etc/systemd/system/multi-user.target.wants/muster.service").is_symlink())
        edited = configuration.read_text().replace("level: info", "level: debug")
        configuration.write_text(edited)
        run(*dpkg, "-i", self.package)
        self.assertEqual(configuration.read_text(), edited)
        run(*dpkg, "-r", "muster")
        self.assertFalse((root / "usr/bin/musterd").exists())
        self.assertEqual(configuration.read_text(), edited)
        run(*dpkg, "-P", "muster")
        self.assertFalse(configuration.exists())

    def test_cmake_install_keeps_an_edited_configuration(self):
        prefix = self.dir / "prefix"
        run("cmake", "--install", BUILD, "--component", "server", "--prefix", prefix)
        self.assertTrue((prefix / "bin/musterd").exists())
        self.assertIn(f"ExecStart={prefix}/bin/musterd --config {prefix}/{CONFIGURATION}\n",
                      (prefix / "lib/systemd/system/muster.service").read_text())
        (prefix / CONFIGURATION).write_text("mine\n")
        run("cmake", "--install", BUILD, "--component", "server", "--prefix", prefix)
        self.assertEqual((prefix / CONFIGURATION).read_text(), "mine\n")


if __name__ == "__main__":
    unittest.main()
