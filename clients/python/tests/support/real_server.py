"""The real server, as the repository's own tests start it."""

import importlib.util
import pathlib

_PATH = pathlib.Path(__file__).parents[4] / "tests/support/server_process.py"
_spec = importlib.util.spec_from_file_location("paracle_server_process", _PATH)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

ROOT = _module.ROOT
ServerProcess = _module.ServerProcess
binary = _module.binary
freeze = _module.freeze
running_server = _module.running_server
