"""What code can do beyond computing, as its text shows it: network, files, environment, harm."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import attrs

from ion_framework.conformance.imports import dotted
from ion_framework.conformance.reading import is_own, reads_files
from ion_framework.manifest.model import FileAccess

NETWORK = (
    *("socket", "socketserver", "http.client", "urllib.request", "xmlrpc.client"),
    *("ftplib", "imaplib", "poplib", "smtplib", "nntplib", "telnetlib"),
    *("aiohttp", "requests", "httpx", "httpx2", "urllib3", "websockets", "grpc", "pycurl"),
    *("redis", "valkey", "asyncpg", "psycopg", "psycopg2", "pymysql", "aiomysql"),
    *("pymongo", "motor", "elasticsearch", "opensearchpy", "cassandra", "aiokafka", "kafka"),
    *("pika", "aio_pika", "nats", "paramiko", "asyncssh", "boto3", "aioboto3", "botocore"),
    *("openai", "anthropic", "mistralai", "cohere", "ollama", "google.genai", "google.cloud"),
    *("google.auth", "googleapiclient", "azure", "sentry_sdk"),
)
"""Modules whose purpose is a network connection."""

_SERVING_ONLY = ("aiohttp.web",)
"""Names from those that open none themselves: a route is served by the host."""

_HARMLESS: Mapping[str, frozenset[str]] = {
    "socket": frozenset(
        {
            *("AddressFamily", "AF_INET", "AF_INET6", "AF_UNIX", "SOCK_DGRAM", "SOCK_STREAM"),
            *("error", "gaierror", "getfqdn", "gethostname", "herror", "htonl", "htons"),
            *("inet_aton", "inet_ntoa", "inet_ntop", "inet_pton", "ntohl", "ntohs", "timeout"),
        }
    ),
    "http.client": frozenset({"HTTPException", "HTTPMessage", "parse_headers", "responses"}),
    "aiohttp": frozenset({"ClientError", "web"}),
}
"""Of modules for connections the names that open none."""

_UNSAFE_MODULES = {
    "pickle": "write JSON: whoever can write a pickle runs code in this process",
    "marshal": "write JSON: its format changes with each Python and crashes on bad input",
    "shelve": "use sqlite3 with JSON: a shelf is made of pickles",
    "dill": "write JSON: whoever can write a pickle runs code in this process",
    "cloudpickle": "write JSON: whoever can write a pickle runs code in this process",
    "joblib": "write JSON or a format of the library's own: joblib makes pickles",
}

_UNSAFE_CALLS = {
    "eval": "parse the value (json, ast.literal_eval)",
    "exec": "write the code out as functions",
    "os.system": "use subprocess with a list of arguments",
    "os.popen": "use subprocess with a list of arguments",
    "yaml.load": "use yaml.safe_load",
    "yaml.unsafe_load": "use yaml.safe_load",
    "tempfile.mktemp": "use tempfile.mkstemp or TemporaryDirectory",
    "os._exit": "return, or raise an exception",
    "sys.exit": "raise an exception: the host is not the plugin's to end",
}

ENDING = frozenset({"os._exit", "sys.exit"})
"""Of those what ends the process, which belongs to a host."""

_OS_WRITES = frozenset(
    {
        *("chmod", "fdopen", "link", "makedirs", "mkdir", "open", "remove", "removedirs"),
        *("rename", "renames", "replace", "rmdir", "symlink", "truncate", "unlink", "utime"),
    }
)
_PATH_WRITES = frozenset(
    {
        *("write_text", "write_bytes", "mkdir", "rmdir", "unlink", "touch"),
        *("symlink_to", "hardlink_to"),
    }
)
_WRITING_GROUPS = ("sqlite3.connect", "shutil.", "tempfile.")
_WRITING_MODES = frozenset("wax+")


@attrs.frozen
class FileUse:
    """A use of files.

    Attributes:
        what: the function.
        access: what it takes.
        line: where.
    """

    what: str
    access: FileAccess
    line: int


def network_module(name: str, used: frozenset[str] = frozenset()) -> str:
    """The module for network connections that an import names, empty where it names none.

    Args:
        name: dotted path of what is imported.
        used: dotted paths of what the module uses, to tell whether it opens connections with it.
    """
    if name.startswith(_SERVING_ONLY):
        return ""
    known = next((known for known in NETWORK if f"{name}.".startswith(f"{known}.")), "")
    harmless = _HARMLESS.get(known, frozenset())
    if known == name:
        parts = {
            path.removeprefix(f"{known}.").partition(".")[0]
            for path in used - {known}
            if path.startswith(f"{known}.")
        }
        return "" if parts and parts <= harmless else known
    return "" if name.removeprefix(f"{known}.").partition(".")[0] in harmless else known


def unsafe_import(name: str) -> str:
    """What to do instead of importing a module, empty where it is harmless."""
    return _UNSAFE_MODULES.get(name.partition(".")[0], "")


def unsafe_use(call: ast.Call, names: Mapping[str, str]) -> tuple[str, str]:
    """A dangerous call and what to do instead; two empty texts for a harmless one."""
    name = dotted(call.func, names)
    if name in _UNSAFE_CALLS and not _loads_safely(call, name):
        return name, _UNSAFE_CALLS[name]
    shell = any(
        keyword.arg == "shell"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is True
        for keyword in call.keywords
    )
    if shell and name.startswith(("subprocess.", "asyncio.")):
        return f"{name}(shell=True)", "give a list of arguments and no shell"
    return "", ""


def _loads_safely(call: ast.Call, name: str) -> bool:
    """Whether it is a ``yaml.load`` with a loader that makes plain values only."""
    loaders = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "Loader")]
    return name == "yaml.load" and any(
        ast.unparse(loader).endswith(("SafeLoader", "BaseLoader")) for loader in loaders
    )


def file_use(
    node: ast.AST, names: Mapping[str, str], own: frozenset[str] = frozenset()
) -> FileUse | None:
    """The use of files that a node is, None where it is none; own package data does not count.

    Args:
        node: the node.
        names: what imported names stand for.
        own: names that stand for places inside the package.
    """
    if not isinstance(node, ast.Call):
        return None
    name = dotted(node.func, names)
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    read = reads_files(node, names)
    access = FileAccess.READ if read else _access(node, name, method)
    if access is FileAccess.NONE or (access is FileAccess.READ and is_own(node, own)):
        return None
    return FileUse(read or name or f".{method}()", access, node.lineno)


def _access(call: ast.Call, name: str, method: str) -> FileAccess:
    if name in ("open", "io.open"):
        return FileAccess.WRITE if _writes(call, 1) else FileAccess.READ
    group, _, function = name.partition(".")
    if group == "os":
        return FileAccess.WRITE if function in _OS_WRITES else FileAccess.NONE
    of_path = method in _PATH_WRITES or (method == "open" and _writes(call, 0))
    writes = of_path or name.startswith(_WRITING_GROUPS)
    return FileAccess.WRITE if writes else FileAccess.NONE


def _writes(call: ast.Call, position: int) -> bool:
    """Whether the mode of an ``open`` that stands in the text is one for writing."""
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    modes += call.args[position : position + 1]
    return any(
        isinstance(mode, ast.Constant)
        and isinstance(mode.value, str)
        and len(mode.value) <= _LONGEST_MODE
        and bool(_WRITING_MODES & set(mode.value))
        for mode in modes
    )


_LONGEST_MODE = 4
