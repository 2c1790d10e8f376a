"""The starting article's script, unmodified, after the lines that the banner shows."""
import os
import subprocess
import sys
import unittest

import world

TITLE = "Python (azureml-core, the SDK v1)"


def run(*parts):
    done = subprocess.run([sys.executable, "-c", "\n".join(parts)], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def article():
    with open(os.path.join(world.HERE, "article.py"), encoding="utf-8") as file:
        return file.read()


class Article(world.Ordered):
    def test_creates_stops_starts_restarts_and_deletes(self):
        code, said, errors = run(world.lines_of(TITLE), article())
        self.assertEqual(0, code, errors)
        created, _, status = said.partition("{")
        status, _, rest = status.rpartition("}")
        self.assertRegex(created, r"^\n(Creating\.*\n)((User)?[Ss]ettingup\.*\n)*Running\n$")
        self.assertIn('"state": "Running"', status)
        self.assertIn('"vmSize": "STANDARD_D3_V2"', status)
        for state in ("Stopped", "Running", "Deleting", "Deleted"):
            with self.subTest(state):
                self.assertIn(state + "\n", rest)

    def test_takes_an_instance_that_is_there(self):
        head = article().split("print(instance.get_status())")[0]
        code, said, errors = run(world.lines_of(TITLE), head, head)
        self.assertEqual(0, code, errors)
        self.assertTrue(said.endswith("Found existing instance, use it.\n"), said)


if __name__ == "__main__":
    unittest.main()
