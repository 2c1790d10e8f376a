"""Run the tests of a module, and count each test and each subtest as a check."""
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


class Result(unittest.TextTestResult):
    """Counts subtests too, which unittest leaves out."""

    def __init__(self, *args):
        super().__init__(*args)
        self.passed = self.failed = 0

    def addSuccess(self, test):
        self.passed += 1
        super().addSuccess(test)

    def addSubTest(self, test, subtest, err):
        self.passed += err is None
        self.failed += err is not None
        super().addSubTest(test, subtest, err)

    def addFailure(self, test, err):
        self.failed += 1
        super().addFailure(test, err)

    def addError(self, test, err):
        self.failed += 1
        super().addError(test, err)


tests = unittest.defaultTestLoader.loadTestsFromName(sys.argv[1])
result = unittest.TextTestRunner(resultclass=Result, verbosity=2).run(tests)
print("%d of %d checks passed in %s" % (result.passed, result.passed + result.failed, sys.argv[1]))
sys.exit(0 if result.wasSuccessful() else 1)
