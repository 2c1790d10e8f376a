"""Run each file of tests beside this one against an emulator of its own, and count the checks.

    python start.py EXECUTABLE [FILE...]

The tests run in the environment that the emulator's banner exports, by a shell, as a user does.
"""
import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# file -> its client, the options of its emulator, and the variables of the banner that it does
# without.
FILES = {
    "test_article.py": ("azureml-core", ["--speed", "30"], []),
    "test_core.py": ("azureml-core", ["--speed", "600"], []),
    "test_ml.py": ("azure-ai-ml", ["--speed", "600"], []),
    "test_deployments.py": ("azure-mgmt-resource-deployments", ["--speed", "600"], []),
    "test_azure_names.py": ("azureml-core", ["--speed", "600", "--azure-names"], [
        "ARM_CLOUD_METADATA_URL", "AZURE_AUTHORITY_HOST", "AZUREML_CURRENT_CLOUD",
    ]),
}


def heed_interrupts():
    """In a process that starts in the background, Ctrl-C would be ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Emulator:
    """An emulator in a process of its own, ended as by Ctrl-C."""

    def __init__(self, executable, options):
        command = [executable, "emulator", "--tls", "--port", "0", *options]
        self.log = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, preexec_fn=heed_interrupts)
        self.url = self.process.stdout.readline().strip()
        self.log.seek(0)
        self.banner = self.log.read()
        if not self.url:
            raise SystemExit("the emulator did not start:\n" + self.banner)

    def exports(self):
        return re.findall(r"^  (export .*)$", self.banner, re.M)

    def end(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait()
        if code != 130:
            raise SystemExit("the emulator ended with %d instead of 130" % code)


def run(executable, name):
    """Return how many checks passed, and how many there are."""
    _, options, without = FILES[name]
    emulator = Emulator(executable, options)
    with tempfile.TemporaryDirectory() as home:
        script = "\n".join(emulator.exports() + ["unset " + each for each in without])
        command = ["sh", "-c", script + '\nexec "$@"', "sh", sys.executable,
                   os.path.join(HERE, "counted.py"), name[:-3]]
        environment = dict(os.environ, HOME=home, TMPDIR=home, EMULATOR=emulator.url,
                           BANNER=emulator.banner)
        tests = subprocess.run(command, env=environment, cwd=home, stdout=subprocess.PIPE,
                               text=True)
    emulator.end()
    counts = re.search(r"^(\d+) of (\d+) checks", tests.stdout, re.M)
    if not counts:
        raise SystemExit("%s ended with %d and no count" % (name, tests.returncode))
    return int(counts.group(1)), int(counts.group(2))


def main(executable, *chosen):
    totals = {}
    for name in chosen or FILES:
        client = FILES[name][0]
        passed, count = run(executable, name)
        before = totals.get(client, (0, 0))
        totals[client] = (before[0] + passed, before[1] + count)
    for client, (passed, count) in totals.items():
        version = importlib.metadata.version(client)
        print("%s %s: %d of %d checks passed" % (client, version, passed, count))
    return 0 if all(passed == count for passed, count in totals.values()) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
