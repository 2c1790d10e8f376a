"""The emulator that start.py has begun, as the tests see it."""
import json
import os
import re
import ssl
import unittest
import urllib.request

URL, BANNER = os.environ["EMULATOR"], os.environ["BANNER"]
HERE = os.path.dirname(os.path.abspath(__file__))

KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7"
USER = "12345678-0000-0000-0000-000000000000"


def control(method, what, body=None):
    """Ask the emulator itself."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + "/emulator/" + what, data=data, method=method)
    trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                         urllib.request.HTTPSHandler(context=trust))
    with opener.open(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


settings = control("GET", "settings")
SUBSCRIPTION, GROUP = settings["subscription_id"], settings["resource_group"]
WORKSPACE, LOCATION = settings["workspace_name"], settings["location"]


def lines_of(title):
    """The lines of Python that the banner shows under a title."""
    below = BANNER.split(title + ":\n", 1)[1]
    block = re.match(r"(?:  .*\n)+", below).group(0)
    return re.sub(r"^  ", "", block, flags=re.M)


def made(title):
    """What the banner's lines of Python make, by name."""
    names = {}
    exec(lines_of(title), names)
    return names


class Ordered(unittest.TestCase):
    """Tests that build on each other: the first failure ends them."""

    maxDiff = None

    def check(self, **pairs):
        """Compare values by name, each as a check of its own."""
        for name, (found, expected) in pairs.items():
            with self.subTest(name):
                self.assertEqual(expected, found)
