"""Servers that hand a message to every member of a room, and the floor under them. None stores anything."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmarks.c_programs import compiled
from benchmarks.servers import PROGRAMS, Missing, Server, gunicorn

NODE = "Node socket.io"
PLAIN = "Flask-SocketIO"
NCHAN = "nchan"
FLOOR = "send() in C"
SOCKET_IO = "socket.io@4.8"
NCHAN_PACKAGE, NCHAN_MODULE = "libnginx-mod-nchan", "ngx_nchan_module.so"
NGINX_SETTINGS = """\
{user}daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
load_module {module};
events {{ worker_connections 20000; }}
http {{
    access_log off;
    nchan_shared_memory_size 64M;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location = / {{ return 200 "running"; }}
        location /api/events/ {{ nchan_publisher; nchan_channel_id room; nchan_message_buffer_length 1; }}
        location /socket.io/ {{
            nchan_subscriber websocket; nchan_channel_id room; nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


def makers() -> dict[str, Callable[[Path], Server]]:
    """Each takes the scratch folder and may raise Missing."""
    return {NODE: node, PLAIN: flask_socketio, NCHAN: nchan, FLOOR: floor}


def flask_socketio(scratch: Path) -> Server:
    """Flask-SocketIO as its documentation has it, from the environment that our own server runs in."""

    def command(port: int) -> list[str]:
        # With gunicorn's default of 1,000 it would stop answering at the thousandth member.
        return [*gunicorn(), "plain:app", "--worker-connections", "20000", "--bind", f"127.0.0.1:{port}"]

    return Server(PLAIN, command, scratch, cwd=PROGRAMS)


def node(scratch: Path) -> Server:
    """socket.io on Node. Raises Missing."""
    command = [shutil.which("node") or "node", str(PROGRAMS / "node.js")]
    modules = {"NODE_PATH": str(node_modules(scratch))}
    return Server(NODE, lambda port: command, scratch, modules, cwd=PROGRAMS)


def node_modules(scratch: Path) -> Path:
    """The folder of Node's packages, installed once. Raises Missing."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise Missing("node and npm are not installed")
    folder = scratch / "node"
    modules = folder / "node_modules"
    if (modules / "socket.io" / "package.json").exists():
        return modules
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text("{}")
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error", SOCKET_IO]
    _run(install, folder)
    return modules


def floor(scratch: Path) -> Server:
    """A bare loop of send() in C to the same sockets. Raises Missing without gcc."""
    program = str(compiled(PROGRAMS / "floor", scratch))
    server = Server(FLOOR, lambda port: [program, str(port)], scratch)
    server.plain = True
    return server


def nchan(scratch: Path) -> Server:
    """nginx with Debian's nchan module, one worker process. Raises Missing."""
    nginx = shutil.which("nginx")
    if nginx is None:
        raise Missing("nginx is not installed")
    module = nchan_module(scratch, nginx)
    folder = scratch / "nchan-run"
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "nginx.conf"

    def command(port: int) -> list[str]:
        user = "user root;\n" if os.geteuid() == 0 else ""  # its workers would not reach the folder
        settings.write_text(NGINX_SETTINGS.format(user=user, folder=folder, module=module, port=port))
        return [nginx, "-e", str(folder / "error.log"), "-c", str(settings)]

    server = Server(NCHAN, command, scratch)
    server.plain = True
    return server


def nchan_module(scratch: Path, nginx: str) -> Path:
    """The module: the system's, or else unpacked from Debian's package into `scratch`. Raises Missing."""
    folder = scratch / "nchan"
    for root in (Path("/"), folder):
        module = root / "usr/lib/nginx/modules" / NCHAN_MODULE
        if module.exists():
            return module
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Missing(f"{NCHAN_PACKAGE} is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    _run(["apt-get", "download", NCHAN_PACKAGE], folder)
    package = next(folder.glob("*.deb"))
    _check_version(package, nginx)
    _run(["dpkg", "-x", str(package), str(folder)], folder)
    return module


def _check_version(package: Path, nginx: str) -> None:
    """Raises Missing if the module was built for another version of nginx."""
    needs = _run(["dpkg", "-f", str(package), "Depends"], package.parent)
    built_for = re.search(r"nginx-abi-([0-9.]+)", needs)
    runs = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=False).stderr
    if not built_for or built_for[1].rstrip(".") not in runs:
        raise Missing(f"{NCHAN_PACKAGE} needs {needs.strip()}, and {runs.strip()} is installed")


def _run(command: list[str], folder: Path) -> str:
    """What the command prints. Raises Missing with its last words if it fails."""
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if process.returncode:
        raise Missing(f"{' '.join(command[:2])}: {process.stderr.strip()[-300:]}")
    return process.stdout
